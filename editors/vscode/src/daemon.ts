// The daemon of this user, kept in touch: started, connected, subscribed, and found again after its end.
//
// Everything works without it, by calls of the program; with it the extension is told of changes and asks for nothing in
// between. The events say that something changed and where; what it is, the same calls as ever read.

import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Connection } from './connection'
import type { EventType, Snapshot, Subscribed, Told } from './protocol'

const EVENTS: EventType[] = [
  'RuntimeInstalled', 'RuntimeRemoved', 'ConfigChanged', 'BoardOpened', 'BoardClosed', 'WorkChanged', 'Progress',
]
/** A daemon that lasts this long is no failure. */
const LASTING_MS = 30_000
/** The longest wait for the answer to a subscription. */
const SUBSCRIBED_WITHIN_MS = 10_000
/** The times before another try, after failures one after the other. */
const PAUSES_MS = [100, 1_000, 5_000, 30_000]

export interface Ears {
  directory: string
  /** Starts the daemon, if none runs; false where that cannot be. */
  start: () => Promise<boolean>
  onEvent: (event: Told) => void
  /** Connected. With a snapshot something may have been missed, and everything counts anew. */
  onConnected: (snapshot: Snapshot | null) => void
  onGone: () => void
  /** No other try is made until somebody asks for one. */
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

  /** Asks on a connection of its own: the daemon answers one request of a client after the other, and this may be slow. */
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

  /** Tries again now, if it has given up or waits. */
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

  /** Gives up after the last pause: a daemon that cannot be had is not asked for all day. */
  private later(): void {
    const pause = PAUSES_MS[this.failures++]
    if (this.stopped) return
    if (pause === undefined) return this.ears.onGivenUp()
    this.timer = setTimeout(() => void this.connect(), pause)
  }
}

/** Where the daemon says that it listens. */
async function placeOfSocket(): Promise<string> {
  const home = process.env.VX_HOME || path.join(os.homedir(), '.vx')
  const text = await fs.readFile(path.join(home, 'run/daemon.json'), 'utf8')
  return (JSON.parse(text) as { socket: string }).socket
}
