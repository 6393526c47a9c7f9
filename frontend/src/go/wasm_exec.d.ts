// Go's own loader, lib/wasm/wasm_exec.js of the Go that compiled the client; the build gives it this name.
declare module "wasm_exec" {}

declare class Go {
  importObject: WebAssembly.Imports;
  run(instance: WebAssembly.Instance): Promise<void>;
}
