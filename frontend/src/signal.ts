// The one way in which modules tell each other of changes.

type Listener<T> = (value: T) => void;

/** A list of listeners. A listener that throws does not keep the others from being called. */
export class Signal<T = void> {
  private listeners: Listener<T>[] = [];

  on(listener: Listener<T>): void { this.listeners.push(listener); }

  emit(value: T): void {
    for (const listener of this.listeners) {
      try { listener(value); } catch (error) { console.error(error); }
    }
  }
}
