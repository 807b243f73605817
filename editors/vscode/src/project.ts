// One folder with a vx.toml: its status bar item, mistakes, terminals' variables, and sync. The other modules use it.

import * as vscode from 'vscode'
import { type Check, type Plan, type Problem, firstError, readCheck, statusText } from './check'
import type { Following } from './follow'
import { members, outline } from './outline'
import { Progress } from './progress'
import { run } from './program'
import { readScripts, type Script } from './scripts'
import type { Knowledge, Tool } from './suggest'
import { readInstalled } from './versions'

export class Project implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('status', vscode.StatusBarAlignment.Left, 10)
  private readonly mistakes = vscode.languages.createDiagnosticCollection('vx')
  private readonly refreshed = new vscode.EventEmitter<void>()
  readonly onRefreshed = this.refreshed.event
  private problems: Problem[] = []
  /** An editor that reloads its file moves earlier marks, so set them again. */
  private readonly reread = vscode.workspace.onDidChangeTextDocument(({ document }) => {
    const marked = this.problems.some(({ path }) => path === document.uri.fsPath)
    if (marked && !document.isDirty) this.showProblems()
  })
  private plan: Plan | undefined
  private tools: Tool[] = []
  private known: Promise<Knowledge> | undefined
  private looking: Promise<void> | undefined
  private lookAgain = false
  private complained = false
  /** The percent of a sync under way, which checks of the project must not hide. */
  private syncing: number | undefined
  private underWay: Promise<void> | undefined

  constructor(
    readonly folder: vscode.WorkspaceFolder,
    private readonly variables: vscode.EnvironmentVariableCollection,
  ) {
    this.item.name = 'vx'
    this.item.command = 'vx.sync'
    this.item.text = '$(sync~spin) vx'
    this.item.show()
  }

  /** Checks the project. A call during a check makes one more check after it. */
  refresh(): Promise<void> {
    if (this.looking) {
      this.lookAgain = true
      return this.looking
    }
    this.looking = this.lookUntilCurrent().finally(() => (this.looking = undefined))
    return this.looking
  }

  private async lookUntilCurrent(): Promise<void> {
    do {
      this.lookAgain = false
      this.known = undefined
      try {
        this.show(readCheck(await this.call(['sync', '--check', '--json'])))
        await this.setVariables()
      } catch (error) {
        this.complain(error)
      }
    } while (this.lookAgain)
    this.refreshed.fire()
  }

  private show(check: Check): void {
    if (this.syncing === undefined) Object.assign(this.item, statusText(check.state))
    this.plan = check.plan ?? this.plan
    if (check.state.kind === 'old') this.warn(`\`${this.program}\` is older than this extension: update vx`)
    this.problems = check.problems
    this.showProblems()
  }

  private showProblems(): void {
    const byFile = new Map<string, vscode.Diagnostic[]>()
    for (const problem of this.problems) {
      byFile.set(problem.path, [...(byFile.get(problem.path) ?? []), diagnostic(problem)])
    }
    this.mistakes.clear()
    for (const [path, found] of byFile) this.mistakes.set(vscode.Uri.file(path), found)
  }

  private async setVariables(): Promise<void> {
    const { code, stdout } = await this.call(['env', '--shell', 'json'])
    // If a file has a mistake, terminals stay as they were.
    if (code !== 0) return
    this.variables.clear()
    for (const [name, value] of Object.entries(JSON.parse(stdout) as Record<string, string>)) {
      this.variables.replace(name, value)
    }
  }

  /** Syncs by the daemon or, without one, by a call of the program. Joins a sync that is under way. */
  sync(following: Following): Promise<void> {
    this.underWay ??= this.syncOnce(following).finally(() => (this.underWay = undefined))
    return this.underWay
  }

  private async syncOnce(following: Following): Promise<void> {
    const options = { location: vscode.ProgressLocation.Notification, title: 'vx sync', cancellable: true }
    await vscode.window.withProgress(options, async (report, token) => {
      const cancel = new AbortController()
      token.onCancellationRequested(() => cancel.abort())
      this.syncing = 0
      const onPercent = (percent: number) => {
        const reached = this.syncing ?? 0
        if (percent <= reached) return
        report.report({ increment: percent - reached, message: `${percent} %` })
        this.item.text = `$(sync~spin) vx: syncing ${percent} %`
        this.syncing = percent
      }
      this.item.text = '$(sync~spin) vx: syncing'
      try {
        const byProgram = () => this.syncByProgram(onPercent, cancel.signal)
        const failure = await following.sync(onPercent, cancel.signal).catch(byProgram)
        if (failure && !cancel.signal.aborted) void vscode.window.showErrorMessage(`vx sync: ${failure}`)
      } catch (error) {
        this.complain(error)
      } finally {
        this.syncing = undefined
      }
    })
    await this.refresh()
  }

  /** Returns why it failed, if it did. */
  private async syncByProgram(onPercent: (percent: number) => void, cancel: AbortSignal): Promise<string | undefined> {
    const progress = new Progress()
    const ended = await this.call(['sync', '--json'], piece => onPercent(progress.push(piece)), cancel)
    return ended.code === 0 ? undefined : (firstError(ended.stderr) ?? 'some tools are not installed')
  }

  async scripts(): Promise<Script[]> {
    try {
      const { code, stdout } = await this.call(['run', '--list', '--json'])
      return code === 0 ? readScripts(stdout) : []
    } catch (error) {
      this.complain(error)
      return []
    }
  }

  /** What the program knows of tools, as of the last check. */
  knowledge(): Promise<Knowledge> {
    this.known ??= this.readKnowledge()
    return this.known
  }

  private async readKnowledge(): Promise<Knowledge> {
    try {
      const [installed, searched] = await Promise.all([
        this.call(['list', '--json']),
        this.tools.length > 0 ? undefined : this.call(['search', '--json']),
      ])
      // The catalogue is a part of the program.
      if (searched?.code === 0) this.tools = JSON.parse(searched.stdout) as Tool[]
      return { tools: this.tools, installed: readInstalled(installed.stdout), wanted: this.wanted() }
    } catch (error) {
      this.complain(error)
      return { tools: this.tools, installed: new Map(), wanted: this.wanted() }
    }
  }

  private wanted(): Map<string, string> {
    const releases = [...(this.plan?.install ?? []), ...(this.plan?.keep ?? [])]
    return new Map(releases.filter(({ version }) => version !== '').map(({ tool, version }) => [tool, version]))
  }

  /** The names that vx.toml declares, from the disk, as the program reads it. An editor's text may differ. */
  async declared(table: 'services' | 'tools'): Promise<string[]> {
    const text = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(this.folder.uri, 'vx.toml'))
    return members(outline(new TextDecoder().decode(text)), table).map(({ name }) => name)
  }

  get program(): string {
    return vscode.workspace.getConfiguration('vx').get<string>('path') || 'vx'
  }

  call(args: string[], onOutput?: (piece: string) => void, cancel?: AbortSignal) {
    return run({ program: this.program, directory: this.folder.uri.fsPath, args, onOutput, cancel })
  }

  /** The program has changed: report its failures again. */
  forget(): void {
    this.complained = false
  }

  /** Shows one message per window: every check would fail the same way. */
  private complain(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    this.item.text = '$(warning) vx: not started'
    this.item.tooltip = reason
    this.warn(`\`${this.program}\` cannot be started (${reason}): install vx, or set vx.path to its path`)
  }

  private warn(text: string): void {
    if (this.complained) return
    this.complained = true
    void vscode.window.showErrorMessage(text)
  }

  dispose(): void {
    this.item.dispose()
    this.reread.dispose()
    this.refreshed.dispose()
    this.mistakes.dispose()
  }
}

function diagnostic(problem: Problem): vscode.Diagnostic {
  const at = new vscode.Position(problem.line - 1, problem.column - 1)
  const { Error, Warning } = vscode.DiagnosticSeverity
  const found = new vscode.Diagnostic(
    new vscode.Range(at, at.translate(0, 1)),
    problem.message,
    problem.severity === 'error' ? Error : Warning,
  )
  found.source = 'vx'
  return found
}
