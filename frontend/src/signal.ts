// The one way in which modules tell each other of changes.

type Listener<T> = (value: T) => void;

/** A list of listeners. A listener that throws does not keep the others from being called. */
export class Signal<T = void> {
  private listeners: Listener<T>[] = [];

  /** Calls a listener at every news, until it is aborted where that is given. */
  on(listener: Listener<T>, until?: AbortSignal): void {
    if (until?.aborted) return;
    this.listeners.push(listener);
    until?.addEventListener("abort", () => { this.listeners = this.listeners.filter((l) => l !== listener); }, { once: true });
  }

  emit(value: T): void {
    for (const listener of this.listeners) {
      try { listener(value); } catch (error) { console.error(error); }
    }
  }
}
