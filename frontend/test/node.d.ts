// What these tests use of node: its own types would be another thing to fetch.
declare module "node:test" {
  export function test(name: string, f: () => void | Promise<void>): void;
  export function beforeEach(f: () => void | Promise<void>): void;
}

declare module "node:assert/strict" {
  interface Assert {
    (value: unknown, message?: string): asserts value;
    equal<T>(actual: unknown, expected: T, message?: string): void;
    deepEqual<T>(actual: unknown, expected: T, message?: string): void;
    match(text: string, pattern: RegExp): void;
    rejects(promise: Promise<unknown>, expected: object): Promise<void>;
  }
  const assert: Assert;
  export default assert;
}

declare function setImmediate(f: () => void): void;
