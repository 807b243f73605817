// Completion, hover and code lenses in vx.toml.

import * as vscode from 'vscode'
import { members, outline } from './outline'
import type { Project } from './project'
import { describe, suggest } from './suggest'
import type { Tree } from './tree'

export function languageFeatures(project: Project, tree: Tree): vscode.Disposable[] {
  const files: vscode.DocumentSelector = { scheme: 'file', pattern: '**/{vx,.vx}.toml' }
  // Only the project's own file: scripts and services of another would be looked up in this project.
  const own: vscode.DocumentSelector = {
    scheme: 'file',
    pattern: new vscode.RelativePattern(project.folder, '{vx,.vx}.toml'),
  }
  const lensesChanged = new vscode.EventEmitter<void>()
  return [
    lensesChanged,
    tree.onDidChangeTreeData(() => lensesChanged.fire()),
    // Otherwise, lenses of deleted lines would stay until the editor asks again by itself.
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (vscode.languages.match(files, document) > 0) lensesChanged.fire()
    }),
    vscode.languages.registerCompletionItemProvider(
      files,
      { provideCompletionItems: (document, at) => complete(project, document, at) },
      '[',
      '"',
    ),
    vscode.languages.registerHoverProvider(files, {
      provideHover: (document, at) => hover(project, document, at),
    }),
    vscode.languages.registerCodeLensProvider(own, {
      onDidChangeCodeLenses: lensesChanged.event,
      provideCodeLenses: document => lenses(tree, document),
    }),
  ]
}

async function complete(project: Project, document: vscode.TextDocument, at: vscode.Position) {
  const before = document.lineAt(at).text.slice(0, at.character)
  const found = suggest(outline(document.getText()), at.line, before, await project.knowledge())
  // Versions and names with dashes count as one word, whatever the language's word pattern is.
  const word = /[\w.+-]*$/.exec(before)![0].length
  return found.map(({ label, detail, snippet }, index) => {
    const item = new vscode.CompletionItem(label, vscode.CompletionItemKind.Value)
    item.detail = detail
    item.range = new vscode.Range(at.translate(0, -word), at)
    if (snippet) item.insertText = new vscode.SnippetString(snippet)
    item.sortText = String(index).padStart(5, '0')
    return item
  })
}

async function hover(project: Project, document: vscode.TextDocument, at: vscode.Position) {
  const range = document.getWordRangeAtPosition(at, /[\w-]+/)
  if (!range) return undefined
  const word = document.getText(range)
  const text = describe(outline(document.getText()), at.line, word, await project.knowledge())
  return text ? new vscode.Hover(new vscode.MarkdownString(text), range) : undefined
}

function lenses(tree: Tree, document: vscode.TextDocument): vscode.CodeLens[] {
  const found = outline(document.getText())
  const lens = (line: number, title: string, command: string, name: string) =>
    new vscode.CodeLens(new vscode.Range(line, 0, line, 0), { title, command, arguments: [name] })
  const services = members(found, 'services').flatMap(({ name, line }) => {
    const log = lens(line, '$(output) log', 'vx.log', name)
    const atWork = tree.atWork(name)
    return [atWork ? lens(line, '$(debug-stop) stop', 'vx.stop', name) : lens(line, '$(play) start', 'vx.start', name), log]
  })
  return [...members(found, 'scripts').map(({ name, line }) => lens(line, '$(play) run', 'vx.run', name)), ...services]
}
