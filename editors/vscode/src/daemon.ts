// Keeps in touch with this user's daemon: starts it, connects, subscribes, and finds it again after its end.
//
// Everything works without it, by calls of the program. With it, the extension gets events and doesn't poll. Events
// only say that something changed, and where; the same calls of the program then read what.

import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Connection } from './connection'
import type { EventType, Snapshot, Subscribed, Told } from './protocol'

const EVENTS: EventType[] = [
  'RuntimeInstalled', 'RuntimeRemoved', 'ConfigChanged', 'BoardOpened', 'BoardClosed', 'WorkChanged', 'Progress',
]
/** A daemon that lasts this long resets the count of failures. */
const LASTING_MS = 30_000
/** The longest wait for the answer to a subscription. */
const SUBSCRIBED_WITHIN_MS = 10_000
/** The pauses before the next try, after each failure in a row. */
const PAUSES_MS = [100, 1_000, 5_000, 30_000]

export interface Ears {
  directory: string
  /** Starts the daemon, if none runs. Returns false if that is impossible. */
  start: () => Promise<boolean>
  onEvent: (event: Told) => void
  /** Connected. A snapshot means that events may have been missed, and replaces all earlier state. */
  onConnected: (snapshot: Snapshot | null) => void
  onGone: () => void
  /** No other try is made until `retry` is called. */
  onGivenUp: () => void
}

export class Daemon {
  private connection: Connection | undefined
  private known: { generation: string; seq: number } | undefined
  private timer: NodeJS.Timeout | undefined
  private failures = 0
  private connecting = false
  private stopped = false

  constructor(
    private readonly ears: Ears,
    private readonly socketPath: () => Promise<string> = placeOfSocket,
  ) {
    void this.connect()
  }

  get connected(): boolean {
    return this.connection !== undefined
  }

  /** Asks on a separate connection: the daemon answers a client's requests one after the other, and this one may be
   * slow. */
  async ask(method: string, params: object): Promise<unknown> {
    const connection = await Connection.open(await this.socketPath())
    try {
      return await connection.request(method, params)
    } finally {
      connection.close()
    }
  }

  stop(): void {
    this.stopped = true
    clearTimeout(this.timer)
    this.connection?.close()
  }

  /** Tries again now, if this has given up or is waiting. */
  retry(): void {
    if (this.stopped || this.connection || this.connecting) return
    this.failures = 0
    clearTimeout(this.timer)
    void this.connect()
  }

  private async connect(): Promise<void> {
    this.connecting = true
    let connection: Connection | undefined
    try {
      if (!(await this.ears.start())) throw new Error('the daemon cannot be started')
      connection = await Connection.open(await this.socketPath())
      await this.subscribe(connection)
    } catch {
      connection?.close()
      this.later()
    } finally {
      this.connecting = false
    }
    if (this.stopped) connection?.close()
  }

  private async subscribe(connection: Connection): Promise<void> {
    const wanted = { event_types: EVENTS, directories: [this.ears.directory], since: this.known }
    const subscribed = (await connection.request('vx/subscribe', wanted, SUBSCRIBED_WITHIN_MS)) as Subscribed
    this.known = { generation: subscribed.generation, seq: subscribed.seq }
    const since = Date.now()
    this.connection = connection
    this.ears.onConnected(subscribed.snapshot)
    connection.listen(
      event => {
        this.known = { generation: subscribed.generation, seq: event.seq }
        this.ears.onEvent(event)
      },
      () => {
        this.connection = undefined
        if (this.stopped) return
        if (Date.now() - since >= LASTING_MS) this.failures = 0
        this.ears.onGone()
        this.later()
      },
    )
  }

  /** Gives up after the last pause, so as not to look for a missing daemon all day. */
  private later(): void {
    const pause = PAUSES_MS[this.failures++]
    if (this.stopped) return
    if (pause === undefined) return this.ears.onGivenUp()
    this.timer = setTimeout(() => void this.connect(), pause)
  }
}

/** The socket's path, from the daemon's record. */
async function placeOfSocket(): Promise<string> {
  const home = process.env.VX_HOME || path.join(os.homedir(), '.vx')
  const text = await fs.readFile(path.join(home, 'run/daemon.json'), 'utf8')
  return (JSON.parse(text) as { socket: string }).socket
}
