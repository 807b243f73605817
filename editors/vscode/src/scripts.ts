// The scripts that `vx run --list --json` prints.

export interface Script {
  name: string
  command: string
  description: string | null
}

export function readScripts(stdout: string): Script[] {
  return JSON.parse(stdout) as Script[]
}
