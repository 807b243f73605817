// The answer of `vx sync --check`: in step, missing releases, or mistakes in the project's files.
//
// Exit codes are the contract: 0 is in step, 1 is out of step, 2 is an error. Mistakes have the form of a compiler's, on
// standard error: `path:line:column: error: message`.

export interface Problem {
  path: string
  /** Both count from 1, as the program prints them. */
  line: number
  column: number
  severity: 'error' | 'warning'
  message: string
}

export type State =
  | { kind: 'in-step' }
  /** Changes that a sync would make, one line each. */
  | { kind: 'missing'; changes: string[] }
  | { kind: 'failed'; reason: string }

export interface Check {
  state: State
  problems: Problem[]
}

export interface Finished {
  /** `null` after a signal. */
  code: number | null
  stdout: string
  stderr: string
}

export function readCheck(finished: Finished): Check {
  return { state: readState(finished), problems: readProblems(finished.stderr) }
}

function readState({ code, stdout, stderr }: Finished): State {
  if (code === 0) return { kind: 'in-step' }
  const changes = lines(stdout)
  if (code === 1 && changes.length > 0) return { kind: 'missing', changes }
  return { kind: 'failed', reason: firstError(stderr) ?? `vx ended with ${code ?? 'a signal'}` }
}

/** The first error, without its `error: ` and its place. */
export function firstError(stderr: string): string | undefined {
  const found = /^(?:.+:\d+:\d+: )?error: (.+)$/m.exec(stderr)
  return found?.[1]
}

export function readProblems(stderr: string): Problem[] {
  const problems: Problem[] = []
  for (const line of lines(stderr)) {
    const found = /^(.+?):(\d+):(\d+): (error|warning): (.+)$/.exec(line)
    if (!found) continue
    const severity = found[4] === 'error' ? 'error' : 'warning'
    problems.push({ path: found[1]!, line: Number(found[2]), column: Number(found[3]), severity, message: found[5]! })
  }
  return problems
}

/** Text and tooltip of the status bar. */
export function statusText(state: State): { text: string; tooltip: string } {
  switch (state.kind) {
    case 'in-step':
      return { text: '$(check) vx: in step', tooltip: 'All tools of vx.toml are installed as it wants' }
    case 'missing':
      return { text: `$(cloud-download) vx: ${state.changes.length} missing`, tooltip: state.changes.join('\n') }
    case 'failed':
      return { text: '$(error) vx: error', tooltip: state.reason }
  }
}

function lines(text: string): string[] {
  return text.split(/\r?\n/).filter(line => line !== '')
}
