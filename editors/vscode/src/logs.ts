// An output channel for each service, filled by `vx logs --follow` for as long as the service prints.

import { type ChildProcess, spawn } from 'node:child_process'
import * as vscode from 'vscode'
import type { Project } from './project'

const LINES = '200'

export class Logs implements vscode.Disposable {
  private readonly channels = new Map<string, vscode.OutputChannel>()
  private readonly followers = new Map<string, ChildProcess>()

  constructor(private readonly project: Project) {}

  /** Shows the channel, and follows the service's log if that is not done already. */
  show(name: string): void {
    const old = this.channels.get(name)
    const channel = old ?? vscode.window.createOutputChannel(`vx: ${name}`)
    this.channels.set(name, channel)
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

  dispose(): void {
    for (const child of this.followers.values()) child.kill()
    for (const channel of this.channels.values()) channel.dispose()
  }
}
