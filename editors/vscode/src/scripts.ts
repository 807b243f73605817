// The scripts that `vx run --list` prints: a name, two blanks or more, and the command.

export interface Script {
  name: string
  command: string
}

export function readScripts(stdout: string): Script[] {
  const scripts: Script[] = []
  for (const line of stdout.split(/\r?\n/)) {
    const found = /^(\S+)(?: {2,}(.*))?$/.exec(line)
    if (found) scripts.push({ name: found[1]!, command: found[2] ?? '' })
  }
  return scripts
}
