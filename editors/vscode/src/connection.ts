// One connection to the daemon: requests with their answers, and the events of a subscription.

import net from 'node:net'
import { Unframer, frame } from './frame'
import type { Introduced, Introduction, Told } from './protocol'

const PROTOCOL = { min: 1, max: 1 }
/** The longest wait for a daemon's introduction: even a stopped process accepts connections. */
const INTRODUCED_WITHIN_MS = 10_000

interface Answer {
  id?: number
  result?: unknown
  error?: { message: string; data?: { kind?: string; hint?: string } }
  method?: string
  params?: unknown
}

/** An error answer. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly kind: string | undefined,
    readonly hint: string | undefined,
  ) {
    super(message)
  }
}

export class Connection {
  private readonly waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>()
  private readonly unframer = new Unframer()
  private last = 0
  /** Events that arrived together with the answer to `vx/subscribe`, before anything could listen. */
  private early: Told[] = []
  private onEvent: (event: Told) => void = event => this.early.push(event)
  private onClosed: () => void = () => {}
  closed = false

  private constructor(private readonly socket: net.Socket) {
    socket.on('data', piece => this.read(piece))
    socket.on('error', () => {})
    socket.on('close', () => this.end())
  }

  /** Rejects if nothing listens at the path, or if it speaks another protocol. */
  static async open(path: string): Promise<Connection> {
    const socket = net.connect(path)
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    const connection = new Connection(socket)
    const introduction: Introduction = { client: 'vscode', protocol: PROTOCOL }
    try {
      const introduced = (await connection.request('initialize', introduction, INTRODUCED_WITHIN_MS)) as Introduced
      if (!introduced.methods.includes('vx/subscribe')) throw new Error('the daemon has no events')
      return connection
    } catch (error) {
      connection.close()
      throw error
    }
  }

  listen(onEvent: (event: Told) => void, onClosed: () => void): void {
    this.onEvent = onEvent
    this.onClosed = onClosed
    for (const event of this.early.splice(0)) onEvent(event)
    if (this.closed) onClosed()
  }

  /** With a limit, the connection is closed if there is no answer in time. */
  request(method: string, params: object, limitMs?: number): Promise<unknown> {
    if (this.closed) return Promise.reject(new Error('the daemon is gone'))
    const id = ++this.last
    this.socket.write(frame({ jsonrpc: '2.0', id, method, params }))
    const limit = limitMs === undefined ? undefined : setTimeout(() => this.close(), limitMs)
    const answer = new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }))
    return answer.finally(() => clearTimeout(limit))
  }

  close(): void {
    this.socket.destroy()
    this.end()
  }

  private read(piece: Buffer): void {
    try {
      for (const message of this.unframer.push(piece)) this.take(message as Answer)
    } catch {
      this.close()
    }
  }

  private take({ id, result, error, method, params }: Answer): void {
    if (method === 'vx/event') return this.onEvent(params as Told)
    const waiting = this.waiting.get(id ?? 0)
    this.waiting.delete(id ?? 0)
    if (error) waiting?.reject(new Refused(error.message, error.data?.kind, error.data?.hint))
    else waiting?.resolve(result)
  }

  private end(): void {
    if (this.closed) return
    this.closed = true
    for (const { reject } of this.waiting.values()) reject(new Error('the daemon is gone'))
    this.waiting.clear()
    this.onClosed()
  }
}
