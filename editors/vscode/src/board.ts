// The boards of the machine, from the daemon's snapshot and events.

import type { BoardWithWork, DaemonEvent, Snapshot, Work } from './protocol'
import { type LogPlace, type Row, slotRow } from './work'

interface Known {
  title: string
  state: string
  work: Map<number, Work>
}

export class Boards {
  private readonly boards = new Map<string, Known>()

  /** Starts over: what is not in the snapshot is gone. */
  reset({ boards }: Snapshot): void {
    this.boards.clear()
    for (const board of boards) this.open(board)
  }

  /** Applies an event. Returns whether anything here changed. */
  take(event: DaemonEvent): boolean {
    switch (event.event) {
      case 'Resync':
        this.reset(event.data)
        return true
      case 'BoardOpened':
        this.open({ ...event.data, work: [] })
        return true
      case 'BoardClosed':
        return this.boards.delete(event.data.path)
      case 'WorkChanged':
      case 'Progress': {
        const { board, work } = event.data
        this.boards.get(board)?.work.set(work.slot, work)
        return this.boards.has(board)
      }
      default:
        return false
    }
  }

  /** The work on a board. */
  work(path: string): Work[] {
    return [...(this.boards.get(path)?.work.values() ?? [])]
  }

  /** The unfinished runs, with all their work except services. */
  runs(): { title: string; rows: (Row & { log: LogPlace })[] }[] {
    return [...this.boards]
      .filter(([, { state }]) => state === 'running')
      .map(([board, { title, work }]) => {
        const shown = [...work.values()].filter(({ kind }) => kind !== 'service')
        return { title, rows: shown.map(one => ({ ...workRow(one), log: { board, key: one.key } })) }
      })
      .filter(({ rows }) => rows.length > 0)
  }

  private open({ path, title, state, work }: BoardWithWork): void {
    const old = this.boards.get(path)?.work ?? []
    this.boards.set(path, { title, state, work: new Map([...old, ...work.map(one => [one.slot, one] as const)]) })
  }
}

function workRow(work: Work): Row {
  const text = (name: string) => (typeof work[name] === 'string' ? (work[name] as string) : null)
  return slotRow({
    key: work.key,
    version: text('version'),
    state: work.state,
    step: text('step') ?? work.standing,
    percent: typeof work.percent === 'number' ? work.percent : null,
    message: text('message'),
    error: text('error'),
  })
}
