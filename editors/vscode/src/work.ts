// Services and runs, as `vx ps --long --json`, `vx board ls --json` and `vx board dump --json` print them, and as rows
// of the tree.

export interface Service {
  name: string
  /** The word that people see. */
  word: string
  ended: boolean
  ready: boolean
  url: string | null
  port: number | null
  error: string | null
  message: string | null
  board: string
  supervised: boolean
}

export interface Board {
  path: string
  board: { id: string; title: string; state: string; creator: { alive: boolean | null } } | null
}

export interface Slot {
  key: string
  version: string | null
  state: string
  step: string
  percent: number | null
  message: string | null
  error: string | null
}

export interface SlotOfBoard extends Slot {
  kind: string
}

/** One row, with the name of a codicon, and whether its work goes on. */
export interface Row {
  label: string
  description: string
  tooltip: string
  icon: string
  atWork: boolean
}

/** Where the daemon finds the log of a slot. */
export interface LogPlace {
  board: string
  key: string
}

export function readServices(stdout: string): Service[] {
  return JSON.parse(stdout) as Service[]
}

/** The boards whose run goes on, without those of killed runs. */
export function readLiveBoards(stdout: string): Board[] {
  const boards = JSON.parse(stdout) as Board[]
  return boards.filter(({ board }) => board?.state === 'running' && board.creator.alive !== false)
}

export function readSlots(stdout: string): SlotOfBoard[] {
  return (JSON.parse(stdout) as { slots: SlotOfBoard[] }).slots
}

/** The row of a declared service; without `service` it does not run. */
export function serviceRow(name: string, service: Service | undefined): Row {
  if (!service) return { label: name, description: 'stopped', tooltip: name, icon: 'circle-outline', atWork: false }
  const { word, port, url, error, message } = service
  return {
    label: name,
    description: [word, port && `:${port}`].filter(Boolean).join(' '),
    tooltip: [url, error ?? message].filter(Boolean).join('\n') || name,
    icon: service.ready ? 'pass-filled' : error ? 'error' : service.ended ? 'circle-outline' : 'sync~spin',
    atWork: service.supervised && !service.ended,
  }
}

export function slotRow(slot: Slot): Row {
  const over = isOver(slot.state)
  const percent = slot.percent === null ? undefined : `${Math.floor(slot.percent)} %`
  return {
    label: [slot.key, slot.version].filter(Boolean).join(' '),
    description: over ? slot.state : [slot.step, percent].filter(Boolean).join(' '),
    tooltip: slot.error ?? slot.message ?? slot.key,
    icon: slot.state === 'done' ? 'pass' : slot.error || slot.state === 'died' ? 'error' : over ? 'circle-slash' : 'sync~spin',
    atWork: !over,
  }
}

function isOver(state: string): boolean {
  return ['stopped', 'done', 'failed', 'cancelled', 'skipped', 'died', 'ended'].includes(state)
}
