// An output channel for each service, filled by `vx logs --follow` as the service prints, and for each other piece of
// work whose log was asked for, filled by the daemon.

import { type ChildProcess, spawn } from 'node:child_process'
import * as vscode from 'vscode'
import { Refused } from './connection'
import type { Following } from './follow'
import type { Project } from './project'
import type { LogPlace } from './work'

const LINES = '200'

export class Logs implements vscode.Disposable {
  private readonly channels = new Map<string, vscode.OutputChannel>()
  private readonly followers = new Map<string, ChildProcess>()

  /** The byte up to which the log of work other than services is in its channel. */
  private readonly readTo = new Map<string, number>()

  constructor(
    private readonly project: Project,
    private readonly following: Following,
  ) {}

  /** Shows the channel, and follows the service's log, if it isn't followed already. */
  show(name: string): void {
    const channel = this.channel(name, name)
    if (this.followers.has(name)) return channel.show(true)
    channel.appendLine(`> vx logs --follow ${name}`)
    channel.show(true)
    const child = spawn(this.project.program, ['logs', '--follow', '--lines', LINES, name], {
      cwd: this.project.folder.uri.fsPath,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.followers.set(name, child)
    child.stdout.setEncoding('utf8').on('data', (piece: string) => channel.append(piece))
    child.stderr.setEncoding('utf8').on('data', (piece: string) => channel.append(piece))
    child.on('error', error => channel.appendLine(error.message))
    child.on('close', () => this.followers.delete(name))
  }

  /** Shows the channel of a piece of work, and adds what was printed since it was shown last. */
  async read({ board, key }: LogPlace): Promise<void> {
    const place = `${board} ${key}`
    const channel = this.channel(place, key)
    channel.show(true)
    try {
      const { lines, to } = await this.following.log(board, key, this.readTo.get(place))
      this.readTo.set(place, to)
      for (const { text } of lines) channel.appendLine(text)
      if (to === 0) channel.appendLine('> it has printed nothing yet')
    } catch (error) {
      channel.appendLine(`> ${error instanceof Refused && error.hint ? `${error.message}: ${error.hint}` : error}`)
    }
  }

  private channel(place: string, name: string): vscode.OutputChannel {
    const channel = this.channels.get(place) ?? vscode.window.createOutputChannel(`vx: ${name}`)
    this.channels.set(place, channel)
    return channel
  }

  dispose(): void {
    for (const child of this.followers.values()) child.kill()
    for (const channel of this.channels.values()) channel.dispose()
  }
}
