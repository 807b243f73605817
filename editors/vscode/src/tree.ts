// The tree of work in progress: the project's services, and the runs of this machine with their slots.

import * as vscode from 'vscode'
import { Boards } from './board'
import type { Project } from './project'
import type { DaemonEvent, Snapshot } from './protocol'
import { type Board, type LogPlace, type Row, type Service, readLiveBoards, readServices, readSlots, serviceRow, slotRow } from './work'

/** The intervals between two readings without a daemon, while the tree is visible. */
const BUSY_MS = 1_000
const REST_MS = 30_000

export type Node =
  | { kind: 'group'; label: string; children: Node[] }
  | { kind: 'service'; name: string; service: Service | undefined; row: Row }
  | { kind: 'slot'; row: Row & { log?: LogPlace } }

interface Run {
  title: string
  rows: (Row & { log?: LogPlace })[]
}

export class Tree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>()
  readonly onDidChangeTreeData = this.changed.event
  private readonly view: vscode.TreeView<Node>
  private groups: Node[] = []
  private services: Service[] = []
  /** The runs as the daemon reports them, while there is a daemon. */
  told: Boards | undefined
  private before: Boards | undefined
  private timer: NodeJS.Timeout | undefined
  private looking = false
  private lookAgain = false

  constructor(private readonly project: Project) {
    this.view = vscode.window.createTreeView('vx.work', { treeDataProvider: this })
    this.view.onDidChangeVisibility(({ visible }) => {
      if (visible) void this.look()
      else clearTimeout(this.timer)
    })
    project.onRefreshed(() => void this.look())
    void this.look()
  }

  service(name: string): Service | undefined {
    return this.services.find(service => service.name === name)
  }

  atWork(name: string): boolean {
    return serviceRow(name, this.service(name)).atWork
  }

  /** From now on the daemon reports changes, so that polling stops. */
  follow(snapshot: Snapshot | null): void {
    clearTimeout(this.timer)
    this.told = this.before ?? new Boards()
    if (snapshot) this.told.reset(snapshot)
    void this.look()
  }

  /** The daemon is gone, so poll again. If it comes back and nothing was missed, its earlier reports still count. */
  unfollow(): void {
    this.before = this.told
    this.told = undefined
    void this.look()
  }

  take(event: DaemonEvent): void {
    if (!this.told?.take(event)) return
    const isWork = event.event === 'WorkChanged' || event.event === 'Progress'
    // Work of a run changes only the rows of runs; everything else may concern services.
    if (isWork && event.data.work.kind !== 'service') this.show(this.groups[0])
    else void this.look()
  }

  /** Reads now, and then again at intervals while the tree is visible. */
  async look(): Promise<void> {
    if (this.looking) {
      this.lookAgain = true
      return
    }
    clearTimeout(this.timer)
    this.looking = true
    let busy = false
    try {
      do {
        this.lookAgain = false
        busy = await this.read()
      } while (this.lookAgain)
    } catch {
      // The project's own check reports what is wrong with the program.
    } finally {
      this.looking = false
    }
    if (this.view.visible && !this.told) this.timer = setTimeout(() => void this.look(), busy ? BUSY_MS : REST_MS)
  }

  /** Reads everything. Returns whether anything is at work. */
  private async read(): Promise<boolean> {
    const [services, runs] = await Promise.all([this.readServices(), this.told ? undefined : this.readRuns()])
    return this.show({ kind: 'group', label: 'Services', children: services }, runs)
  }

  private show(services: Node | undefined, runs: Run[] = this.told?.runs() ?? []): boolean {
    const groups: Node[] = services ? [services] : []
    for (const { title, rows } of runs) {
      groups.push({ kind: 'group', label: title, children: rows.map(row => ({ kind: 'slot', row })) })
    }
    if (JSON.stringify(groups) !== JSON.stringify(this.groups)) {
      this.groups = groups
      this.changed.fire()
    }
    const nodes = groups.flatMap(group => (group.kind === 'group' ? group.children : []))
    return nodes.some(node => node.kind !== 'group' && node.row.atWork)
  }

  private async readServices(): Promise<Node[]> {
    const { code, stdout } = await this.project.call(['ps', '--long', '--json'])
    this.services = code === 0 ? readServices(stdout) : []
    const names = [...(await this.project.declared('services')), ...this.services.map(({ name }) => name)]
    return [...new Set(names)].map(name => {
      const service = this.service(name)
      return { kind: 'service', name, service, row: serviceRow(name, service) }
    })
  }

  /** Runs that go on; a board that holds nothing but services is shown by their names. */
  private async readRuns(): Promise<Run[]> {
    const listed = await this.project.call(['board', 'ls', '--json'])
    const boards = listed.code === 0 ? readLiveBoards(listed.stdout) : []
    const read = async ({ path, board }: Board) => {
      const dumped = await this.project.call(['board', 'dump', path, '--json'])
      const slots = dumped.code === 0 ? readSlots(dumped.stdout) : []
      return { title: board!.title, rows: slots.filter(slot => slot.kind !== 'service').map(slotRow) }
    }
    return (await Promise.all(boards.map(read))).filter(({ rows }) => rows.length > 0)
  }

  getChildren(node?: Node): Node[] {
    if (!node) return this.groups.filter(group => group.kind === 'group' && group.children.length > 0)
    return node.kind === 'group' ? node.children : []
  }

  getTreeItem(node: Node): vscode.TreeItem {
    if (node.kind === 'group') return new vscode.TreeItem(node.label, vscode.TreeItemCollapsibleState.Expanded)
    const { label, description, tooltip, icon, atWork } = node.row
    const item = new vscode.TreeItem(label)
    Object.assign(item, { description, tooltip, iconPath: new vscode.ThemeIcon(icon) })
    if (node.kind === 'service') item.contextValue = atWork ? 'service-at-work' : 'service-stopped'
    else if (node.row.log) item.contextValue = 'slot-with-log'
    return item
  }

  dispose(): void {
    clearTimeout(this.timer)
    this.view.dispose()
    this.changed.dispose()
  }
}
