// Runs that this window had the daemon start, followed by the daemon's events from beginning to end.

import type { Boards } from './board'
import type { Begun, DaemonEvent, Snapshot, Work } from './protocol'

/** A board's state at its end, and the work that failed. `lost`: the daemon is gone, but the run may go on. */
export interface Ended {
  state: string
  failed: Work[]
}

interface Run {
  onPercent: (percent: number) => void
  resolve: (ended: Ended) => void
  work: Map<number, Work>
}

export class Runs {
  private readonly runs = new Map<string, Run>()
  /** Boards that were closed while an answer was awaited, with their last states: the answer may name one of them. */
  private readonly closed = new Map<string, string>()
  private asking = 0

  /** Resolves at the run's end. The run goes on even if nobody waits for it any more. */
  async follow(begin: () => Promise<Begun>, boards: () => Boards | undefined, onPercent: (percent: number) => void): Promise<Ended> {
    this.asking++
    try {
      const { board } = await begin()
      if (!board) return { state: 'done', failed: [] }
      const known = boards()?.work(board.path) ?? []
      const state = this.closed.get(board.path) ?? board.state
      if (state !== 'running') return { state, failed: failedOf(known) }
      const work = new Map(known.map(one => [one.slot, one]))
      return await new Promise(resolve => {
        const run = { onPercent, resolve, work }
        this.runs.set(board.path, run)
        report(run)
      })
    } finally {
      this.asking--
      if (this.asking === 0) this.closed.clear()
    }
  }

  take(event: DaemonEvent): void {
    switch (event.event) {
      case 'BoardClosed':
        if (this.asking > 0) this.closed.set(event.data.path, event.data.state)
        this.end(event.data.path, event.data.state)
        break
      case 'WorkChanged':
      case 'Progress': {
        const run = this.runs.get(event.data.board)
        run?.work.set(event.data.work.slot, event.data.work)
        if (run) report(run)
        break
      }
      case 'Resync':
        this.reset(event.data)
    }
  }

  /** Runs that are not in the snapshot have ended unseen. */
  reset({ boards }: Snapshot): void {
    const running = new Map(boards.map(({ path, work }) => [path, work]))
    for (const [path, run] of this.runs) {
      const work = running.get(path)
      if (!work) this.end(path, 'done')
      else for (const one of work) run.work.set(one.slot, one)
    }
  }

  /** Ends all runs as lost: no more events will come. */
  lose(): void {
    for (const path of [...this.runs.keys()]) this.end(path, 'lost')
  }

  private end(path: string, state: string): void {
    const run = this.runs.get(path)
    this.runs.delete(path)
    run?.resolve({ state, failed: failedOf([...run.work.values()]) })
  }
}

function failedOf(work: Work[]): Work[] {
  return work.filter(({ state }) => state === 'failed' || state === 'died')
}

/** Each piece of work counts the same: ended work fully, skipped work not at all. */
function report({ work, onPercent }: Run): void {
  const all = [...work.values()].filter(({ state }) => state !== 'skipped')
  const percents = all.map(({ ended, percent }) => (ended ? 100 : typeof percent === 'number' ? percent : 0))
  if (all.length > 0) onPercent(Math.floor(percents.reduce((sum, one) => sum + one, 0) / all.length))
}
