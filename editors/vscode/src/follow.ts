// Brings the daemon's events to the project and its tree.

import * as vscode from 'vscode'
import { Refused } from './connection'
import { Daemon } from './daemon'
import { environment } from './environment'
import type { Project } from './project'
import type { Begun, Told, Versions } from './protocol'
import { Runs } from './runs'
import type { Tree } from './tree'

/** The most lines of a log to ask for at once. */
const LOG_LINES = 1_000

interface Lines {
  lines: { text: string }[]
  to: number
}

/** Follows the daemon's events for this project; with `VX_DAEMON=off`, there is no daemon. */
export class Following implements vscode.Disposable {
  private readonly daemon: Daemon | undefined
  private readonly runs = new Runs()

  constructor(
    private readonly project: Project,
    private readonly tree: Tree,
  ) {
    if (process.env.VX_DAEMON === 'off') return
    this.daemon = new Daemon({
      directory: project.folder.uri.fsPath,
      start: async () => (await project.call(['daemon', 'start'])).code === 0,
      onEvent: told => this.take(told),
      onConnected: snapshot => {
        tree.follow(snapshot)
        if (snapshot) this.runs.reset(snapshot)
        if (snapshot) void project.refresh()
      },
      onGone: () => tree.unfollow(),
      onGivenUp: () => this.runs.lose(),
    })
  }

  private take(told: Told): void {
    this.runs.take(told)
    this.tree.take(told)
    const isOfProject = ['RuntimeInstalled', 'RuntimeRemoved', 'ConfigChanged', 'Resync'].includes(told.event)
    if (isOfProject) void this.project.refresh()
  }

  /** Looks for the daemon again, if that was given up. */
  retry(): void {
    this.daemon?.retry()
  }

  /** The versions that a tool's source offers, newest first; none without a daemon or a network. */
  async offered(runtime: string): Promise<string[]> {
    if (!this.daemon?.connected) return []
    const asked = { runtime, installed: false, directory: this.directory, variables: environment() }
    try {
      const { versions } = (await this.daemon.ask('vx/listVersions', asked)) as Versions
      return versions.map(({ version }) => version)
    } catch {
      return []
    }
  }

  /**
   * Syncs in a process that outlives this window. Returns why it failed, if it did.
   * Rejects without a daemon.
   */
  async sync(onPercent: (percent: number) => void, cancel: AbortSignal): Promise<string | undefined> {
    if (!this.daemon?.connected) throw new Error('there is no daemon')
    const { daemon } = this
    const begin = async () => {
      const asked = { tools: [], directory: this.directory, variables: environment() }
      const begun = (await daemon.ask('vx/sync', asked)) as Begun
      const stop = () => void daemon.ask('board/stop', { board: begun.board?.id }).catch(() => {})
      if (begun.board) cancel.addEventListener('abort', stop, { once: true })
      if (begun.board && cancel.aborted) stop()
      return begun
    }
    try {
      const ended = await this.runs.follow(begin, () => this.tree.told, onPercent)
      const [failed, ...others] = ended.failed
      const more = others.length > 0 ? ` (and ${others.length} more)` : ''
      if (failed) return `${failed.key}: ${failed['error'] ?? 'it gave no reason'}${more}`
      if (ended.state === 'lost') return 'the daemon is gone, and the sync may go on: `vx top` in a terminal shows it'
      return ended.state === 'done' ? undefined : `it ended as ${ended.state}: its row in the tree has the log`
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      return error.hint ? `${error.message}: ${error.hint}` : error.message
    }
  }

  /** The lines of a log from a byte on, or else its last lines. Rejects without a daemon. */
  async log(board: string, key: string, from?: number): Promise<Lines> {
    if (!this.daemon?.connected) throw new Error('there is no daemon')
    return (await this.daemon.ask('log/read', { board, key, from, lines: LOG_LINES })) as Lines
  }

  private get directory(): string {
    return this.project.folder.uri.fsPath
  }

  dispose(): void {
    this.daemon?.stop()
  }
}
