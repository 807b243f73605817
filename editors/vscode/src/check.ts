// The answer of `vx sync --check --json`: in step, missing releases, or mistakes in the project's files.
//
// Exit codes are the contract: 0 is in step, 1 is out of step, 2 is an error. Standard output has the plan as one
// object; mistakes are printed like a compiler's, on standard error: `path:line:column: error: message`.

export interface Problem {
  path: string
  /** Both count from 1, as the program prints them. */
  line: number
  column: number
  severity: 'error' | 'warning'
  message: string
}

export interface Release {
  tool: string
  /** Empty for a tool that is not meant for this system. */
  version: string
}

export interface Plan {
  install: Release[]
  keep: Release[]
  fail: { tool: string; error: string; optional: boolean }[]
}

export type State =
  | { kind: 'in-step' }
  | { kind: 'missing'; plan: Plan }
  | { kind: 'failed'; reason: string }
  /** The program does not know `--check --json`. */
  | { kind: 'old' }

export interface Check {
  state: State
  /** Absent if the files have a mistake. */
  plan: Plan | undefined
  problems: Problem[]
}

export interface Finished {
  /** `null` after a signal. */
  code: number | null
  stdout: string
  stderr: string
}

export function readCheck(finished: Finished): Check {
  const plan = readPlan(finished.stdout)
  return { state: readState(finished, plan), plan, problems: readProblems(finished.stderr) }
}

function readState({ code, stderr }: Finished, plan: Plan | undefined): State {
  if (plan && code === 0) return { kind: 'in-step' }
  if (plan && code === 1 && plan.install.length > 0) return { kind: 'missing', plan }
  const failed = plan?.fail.find(one => !one.optional)
  if (failed) return { kind: 'failed', reason: failed.error }
  if (code === 0 || (code === 2 && /'--(check|json)/.test(stderr))) return { kind: 'old' }
  return { kind: 'failed', reason: firstError(stderr) ?? `vx ended with ${code ?? 'a signal'}` }
}

function readPlan(stdout: string): Plan | undefined {
  try {
    const plan = JSON.parse(stdout) as Plan
    return Array.isArray(plan.install) && Array.isArray(plan.keep) && Array.isArray(plan.fail) ? plan : undefined
  } catch {
    return undefined
  }
}

/** The first error, without `error: ` and its position. */
export function firstError(stderr: string): string | undefined {
  const found = /^(?:.+:\d+:\d+: )?error: (.+)$/m.exec(stderr)
  return found?.[1]
}

export function readProblems(stderr: string): Problem[] {
  const problems: Problem[] = []
  for (const line of stderr.split(/\r?\n/)) {
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
    case 'missing': {
      const names = state.plan.install.map(({ tool, version }) => `${tool} ${version}`)
      return { text: `$(cloud-download) vx: ${names.length} missing`, tooltip: names.join('\n') }
    }
    case 'failed':
      return { text: '$(error) vx: error', tooltip: state.reason }
    case 'old':
      return { text: '$(warning) vx: too old', tooltip: 'This vx is older than the extension: update vx' }
  }
}
