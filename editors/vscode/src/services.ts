// Start, stop and show logs of services, from the tree and from the lenses in vx.toml.

import * as vscode from 'vscode'
import { firstError } from './check'
import type { Logs } from './logs'
import type { Project } from './project'
import type { Tree } from './tree'
import type { LogPlace } from './work'

export function serviceCommands(project: Project, tree: Tree, logs: Logs): vscode.Disposable[] {
  // A lens passes the name, a row of the tree its node, the palette nothing.
  const named = async (asked: unknown): Promise<string | undefined> => {
    if (typeof asked === 'string') return asked
    const node = asked as { kind?: string; name?: string } | undefined
    if (node?.kind === 'service') return node.name
    return vscode.window.showQuickPick(project.declared('services'), { placeHolder: 'Service' })
  }
  const command = (id: string, action: (name: string) => Promise<void> | void) =>
    vscode.commands.registerCommand(id, async (asked: unknown) => {
      const name = await named(asked)
      if (name) await action(name)
    })
  return [
    command('vx.start', async name => {
      await act(project, tree, `Starting ${name}`, ['up', '--detach', name], () => logs.show(name))
    }),
    command('vx.stop', async name => {
      const board = tree.service(name)?.board
      const where = board ? ['--board', board] : []
      await act(project, tree, `Stopping ${name}`, ['stop', name, ...where], () => logs.show(name))
    }),
    vscode.commands.registerCommand('vx.log', async (asked: unknown) => {
      const node = asked as { kind?: string; row?: { log?: LogPlace } } | undefined
      if (node?.kind === 'slot' && node.row?.log) return logs.read(node.row.log)
      const name = await named(asked)
      if (name) logs.show(name)
    }),
  ]
}

async function act(project: Project, tree: Tree, title: string, args: string[], showLog: () => void): Promise<void> {
  const options = { location: vscode.ProgressLocation.Window, title: `vx: ${title}` }
  const ended = await vscode.window.withProgress(options, async () => {
    const acting = project.call(args)
    // Show the states in between, too.
    void tree.look()
    return acting
  })
  await tree.look()
  if (ended.code !== 0) await explain(project, ended.stderr, showLog)
}

/** Shows why it failed. Consent is given in a terminal, where `vx trust` lists what it is for. */
async function explain(project: Project, stderr: string, showLog: () => void): Promise<void> {
  const reason = firstError(stderr) ?? 'it failed without an error message'
  const step = /\bvx trust\b/.test(stderr) ? 'Review…' : 'Show Log'
  const chosen = await vscode.window.showErrorMessage(`vx: ${reason}`, step)
  if (chosen === 'Show Log') showLog()
  if (chosen !== 'Review…') return
  const terminal = vscode.window.createTerminal({
    name: 'vx trust',
    cwd: project.folder.uri.fsPath,
    shellPath: project.program,
    shellArgs: ['trust'],
  })
  terminal.show()
}
