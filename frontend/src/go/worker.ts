// The Worker: it runs the Go client in the role "inspect", which takes over its messages.
import "wasm_exec";

const scope = globalThis as unknown as { postMessage(message: unknown): void }; // of a Worker, not of a page

function load(event: MessageEvent): void {
  if (event.data?.type !== "load") return;
  removeEventListener("message", load);
  globalThis.semirestRole = "inspect";
  const go = new Go();
  WebAssembly.instantiate(event.data.module as WebAssembly.Module, go.importObject)
    .then((instance) => go.run(instance))
    .finally(() => scope.postMessage({ type: "exit" }));
}

addEventListener("message", load);
