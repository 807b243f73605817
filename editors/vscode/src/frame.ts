// Messages of JSON-RPC in the framing of the language server protocol: `Content-Length: N`, an empty line, N bytes.

const END_OF_HEAD = Buffer.from('\r\n\r\n')
/** The longest message that a daemon sends. */
const MOST_BYTES = 64 << 20

export function frame(message: object): Buffer {
  const body = Buffer.from(JSON.stringify(message))
  return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body])
}

/** Cuts a stream of bytes into messages. */
export class Unframer {
  private rest: Buffer = Buffer.alloc(0)

  /** Takes a piece, cut anywhere. Returns the messages that it completes; throws for bytes that aren't a message. */
  push(piece: Buffer): unknown[] {
    this.rest = this.rest.length > 0 ? Buffer.concat([this.rest, piece]) : piece
    const messages: unknown[] = []
    for (;;) {
      const end = this.rest.indexOf(END_OF_HEAD)
      if (end < 0) return messages
      const length = Number(/^Content-Length: *(\d+) *$/im.exec(this.rest.toString('latin1', 0, end))?.[1])
      if (!(length <= MOST_BYTES)) throw new Error('received bytes that are not a message of the daemon')
      const start = end + END_OF_HEAD.length
      if (this.rest.length < start + length) return messages
      messages.push(JSON.parse(this.rest.toString('utf8', start, start + length)))
      this.rest = this.rest.subarray(start + length)
    }
  }
}
