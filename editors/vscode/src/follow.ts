// What the daemon tells of, brought to the project and its tree.

import * as vscode from 'vscode'
import { Daemon } from './daemon'
import type { Project } from './project'
import type { Told, Versions } from './protocol'
import type { Tree } from './tree'

/** The daemon's events for this project; `VX_DAEMON=off` leaves the extension without one. */
export class Following implements vscode.Disposable {
  private readonly daemon: Daemon | undefined

  constructor(
    private readonly project: Project,
    tree: Tree,
  ) {
    if (process.env.VX_DAEMON === 'off') return
    this.daemon = new Daemon({
      directory: project.folder.uri.fsPath,
      start: async () => (await project.call(['daemon', 'start'])).code === 0,
      onEvent: told => this.take(told, tree),
      onConnected: snapshot => {
        tree.follow(snapshot)
        if (snapshot) void project.refresh()
      },
      onGone: () => tree.unfollow(),
    })
  }

  private take(told: Told, tree: Tree): void {
    tree.take(told)
    const isOfProject = ['RuntimeInstalled', 'RuntimeRemoved', 'ConfigChanged', 'Resync'].includes(told.event)
    if (isOfProject) void this.project.refresh()
  }

  /** Asks for the daemon again where it was given up. */
  retry(): void {
    this.daemon?.retry()
  }

  /** The versions that a tool's source has, newest first; none without a daemon or a network. */
  async offered(runtime: string): Promise<string[]> {
    if (!this.daemon?.connected) return []
    const { PATH, VX_TRUST, CI } = process.env
    const asked = { runtime, installed: false, directory: this.project.folder.uri.fsPath, variables: { PATH, VX_TRUST, CI } }
    try {
      const { versions } = (await this.daemon.ask('vx/listVersions', asked)) as Versions
      return versions.map(({ version }) => version)
    } catch {
      return []
    }
  }

  dispose(): void {
    this.daemon?.stop()
  }
}
