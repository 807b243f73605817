// The extension's entry point: waits for trust, then watches the first folder that has a vx.toml.

import * as vscode from 'vscode'
import { Following } from './follow'
import { languageFeatures } from './language'
import { Logs } from './logs'
import { pickVersion } from './picker'
import { Project } from './project'
import { serviceCommands } from './services'
import { Tree } from './tree'

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  if (vscode.workspace.isTrusted) return start(context)
  const item = vscode.window.createStatusBarItem('status', vscode.StatusBarAlignment.Left, 10)
  item.text = '$(lock) vx: not trusted'
  item.tooltip = 'vx starts no program before this workspace is trusted'
  item.command = 'workbench.trust.manage'
  item.show()
  context.subscriptions.push(
    item,
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      item.dispose()
      void start(context)
    }),
  )
}

async function start(context: vscode.ExtensionContext): Promise<void> {
  const folder = await folderWithProject()
  if (!folder) return
  void vscode.commands.executeCommand('setContext', 'vx.project', true)
  const project = new Project(folder, context.environmentVariableCollection)
  const tree = new Tree(project)
  const following = new Following(project, tree)
  const logs = new Logs(project, following)
  const files = new vscode.RelativePattern(folder, '{vx.toml,.vx.toml,vx.lock}')
  const watcher = vscode.workspace.createFileSystemWatcher(files)
  const refresh = () => void project.refresh()
  context.subscriptions.push(
    project,
    tree,
    logs,
    following,
    watcher,
    watcher.onDidChange(refresh),
    watcher.onDidCreate(refresh),
    watcher.onDidDelete(refresh),
    vscode.workspace.onDidChangeConfiguration(change => {
      if (!change.affectsConfiguration('vx.path')) return
      project.forget()
      following.retry()
      refresh()
    }),
    // Consent that was given there changes no file of the project, so check again.
    vscode.window.onDidCloseTerminal(terminal => {
      if (terminal.name === 'vx trust') refresh()
    }),
    vscode.commands.registerCommand('vx.sync', () => project.sync(following)),
    vscode.commands.registerCommand('vx.refresh', () => {
      following.retry()
      return project.refresh()
    }),
    vscode.commands.registerCommand('vx.pickVersion', () => pickVersion(project, following)),
    vscode.commands.registerCommand('vx.run', (script: string) => vscode.tasks.executeTask(task(project, script, ''))),
    ...serviceCommands(project, tree, logs),
    ...languageFeatures(project, tree),
    vscode.tasks.registerTaskProvider('vx', {
      provideTasks: async () => (await project.scripts()).map(script => task(project, script.name, script.description ?? script.command)),
      resolveTask: asked => task(project, String(asked.definition.script), '', asked.definition),
    }),
  )
  await project.refresh()
}

async function folderWithProject(): Promise<vscode.WorkspaceFolder | undefined> {
  for (const folder of vscode.workspace.workspaceFolders ?? []) {
    const found = await vscode.workspace.findFiles(new vscode.RelativePattern(folder, 'vx.toml'), null, 1)
    if (found.length > 0) return folder
  }
  return undefined
}

function task(project: Project, script: string, detail: string, definition?: vscode.TaskDefinition): vscode.Task {
  const execution = new vscode.ProcessExecution(project.program, ['run', script], { cwd: project.folder.uri.fsPath })
  const made = new vscode.Task(definition ?? { type: 'vx', script }, project.folder, script, 'vx', execution)
  made.detail = detail
  return made
}
