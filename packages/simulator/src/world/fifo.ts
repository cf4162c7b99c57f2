// First in, first out, and cheap to take something out of the middle: what is taken out is skipped later.

export class Fifo<T> {
  #items: T[] = [];
  #head = 0;
  readonly #members = new Set<T>();

  get size(): number {
    return this.#members.size;
  }

  has(item: T): boolean {
    return this.#members.has(item);
  }

  add(item: T): void {
    if (this.#members.has(item)) return;
    this.#members.add(item);
    this.#items.push(item);
    if (this.#items.length > 2 * this.#members.size + 64) this.#compact();
  }

  delete(item: T): boolean {
    return this.#members.delete(item);
  }

  peek(): T | undefined {
    while (this.#head < this.#items.length) {
      const item = this.#items[this.#head] as T;
      if (this.#members.has(item)) return item;
      this.#head += 1;
    }
    return undefined;
  }

  shift(): T | undefined {
    const item = this.peek();
    if (item === undefined) return undefined;
    this.#head += 1;
    this.#members.delete(item);
    return item;
  }

  /** Oldest first. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.#members.values();
  }

  // The members keep the order of insertion, and hold nothing twice.
  #compact(): void {
    this.#items = [...this.#members];
    this.#head = 0;
  }
}
