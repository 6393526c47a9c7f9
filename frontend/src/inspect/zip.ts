// Writes zip archives: files as they are, not compressed, since PNG is already. Layout: PKWARE APPNOTE 6.3.10, 4.3.
// Their bytes stay with the browser, which may keep them on disk; only one file at a time is in memory.

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

function crc32(bytes: Uint8Array): number {
  let c = ~0;
  for (let i = 0; i < bytes.length; i++) c = table[(c ^ bytes[i]) & 255] ^ (c >>> 8);
  return ~c >>> 0;
}

/** What zip archives without the extension of 64 bits end at. */
export const largest = 0xffffffff, most = 0xffff;

export class Zip {
  private parts: BlobPart[] = [];
  private directory: Uint8Array<ArrayBuffer>[] = [];
  private size = 0;

  /** Adds a file; its name has folders by slashes. Throws where the archive would become too large. */
  async add(name: string, content: Blob): Promise<void> {
    const bytes = new TextEncoder().encode(name);
    if (this.size + content.size + bytes.length > largest - (1 << 26) || this.directory.length >= most) throw new Error("the archive would be larger than 4 GB");
    const sum = crc32(new Uint8Array(await content.arrayBuffer()));
    // Both headers share these 26 bytes: version 2.0, names in UTF-8, stored, 1 January 1980, sum, sizes, length of the name.
    const common = new DataView(new ArrayBuffer(26));
    common.setUint16(0, 20, true);
    common.setUint16(2, 0x0800, true);
    common.setUint16(8, 0x21, true);
    common.setUint32(10, sum, true);
    common.setUint32(14, content.size, true);
    common.setUint32(18, content.size, true);
    common.setUint16(22, bytes.length, true);
    const shared = new Uint8Array(common.buffer);
    const head = join([0x50, 0x4b, 3, 4], shared, bytes);
    const tail = new DataView(new ArrayBuffer(14)); // comment, disk, attributes: nothing; then where the file's header lies
    tail.setUint32(10, this.size, true);
    this.directory.push(join([0x50, 0x4b, 1, 2, 20, 0], shared, new Uint8Array(tail.buffer), bytes));
    this.parts.push(head, content);
    this.size += head.length + content.size;
  }

  /** The archive. */
  finish(): Blob {
    const end = new DataView(new ArrayBuffer(22));
    end.setUint32(0, 0x504b0506);
    end.setUint16(8, this.directory.length, true);
    end.setUint16(10, this.directory.length, true);
    end.setUint32(12, this.directory.reduce((n, d) => n + d.length, 0), true);
    end.setUint32(16, this.size, true);
    return new Blob([...this.parts, ...this.directory, end.buffer], { type: "application/zip" });
  }
}

function join(...parts: ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) { all.set(p, at); at += p.length; }
  return all;
}
