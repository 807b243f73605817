// The version picker: it writes the chosen version into vx.toml; a sync installs it.

import * as vscode from 'vscode'
import type { Following } from './follow'
import { outline, versionPlace } from './outline'
import type { Project } from './project'
import { type Newest, type VersionRow, versionRows } from './versions'

export async function pickVersion(project: Project, following: Following): Promise<void> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(project.folder.uri, 'vx.toml'))
  const tool = await vscode.window.showQuickPick(project.declared('tools'), { placeHolder: 'Tool of vx.toml' })
  if (!tool) return
  const row = await vscode.window.showQuickPick(rows(project, following, tool), { placeHolder: `Version of ${tool}` })
  if (!row) return
  // Look the position up now: the file may have changed while the list was open.
  const place = versionPlace(outline(document.getText()), tool)
  if (!place) {
    void vscode.window.showErrorMessage(`vx: the version of ${tool} in vx.toml is not a quoted string: change it there`)
    return
  }
  const edit = new vscode.WorkspaceEdit()
  edit.replace(document.uri, new vscode.Range(place.line, place.start, place.line, place.end), row.version)
  if (await vscode.workspace.applyEdit(edit)) await document.save()
}

async function rows(project: Project, following: Following, tool: string): Promise<(vscode.QuickPickItem & { version: string })[]> {
  const { installed } = await project.knowledge()
  const [newest, offered] = await Promise.all([readNewest(project, tool), following.offered(tool)])
  return versionRows(installed.get(tool) ?? [], newest, offered).map(item)
}

function item({ version, installed, notes }: VersionRow) {
  const label = `${installed ? '$(check)' : '$(cloud-download)'} ${version}`
  return { label, description: [installed && 'installed', ...notes].filter(Boolean).join(', '), version }
}

/** Nothing without a network: installed versions can still be picked. */
async function readNewest(project: Project, tool: string): Promise<Newest | undefined> {
  const { stdout } = await project.call(['outdated', '--json', tool])
  try {
    return (JSON.parse(stdout) as (Newest & { tool: string })[]).find(row => row.tool === tool)
  } catch {
    return undefined
  }
}
