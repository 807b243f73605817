// The rows of the version picker: installed releases first, then what the sources offer.

export interface VersionRow {
  version: string
  installed: boolean
  /** `locked`, `newest`, `newest that fits`. */
  notes: string[]
}

export interface Newest {
  locked: string | null
  matching: string | null
  latest: string | null
}

/** Rows without repetition. `offered` are versions of the tool's sources, newest first. */
export function versionRows(installed: string[], newest: Newest | undefined, offered: string[]): VersionRow[] {
  const others = [newest?.matching, newest?.latest, newest?.locked, ...offered].filter(version => version != null)
  const seen = [...new Set([...installed, ...others.filter(version => !installed.includes(version)).sort(compareVersions)])]
  return seen.map(version => ({
    version,
    installed: installed.includes(version),
    notes: [
      version === newest?.locked && 'locked',
      version === newest?.latest && 'newest',
      version === newest?.matching && version !== newest?.latest && 'newest that fits',
    ].filter(note => note !== false),
  }))
}

/** Newest first; numbers are compared as numbers. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map(version => version.split(/[.+-]/))
  for (let at = 0; at < Math.max(left!.length, right!.length); at++) {
    const [x, y] = [left![at], right![at]]
    if (x === y) continue
    // A version with fewer parts is the release, one with more its candidate: 1.0 comes before 1.0-rc.
    if (x === undefined || y === undefined) {
      const more = x ?? y!
      const isNumber = /^\d+$/.test(more)
      return (x === undefined) === isNumber ? 1 : -1
    }
    const [n, m] = [Number(x), Number(y)]
    return Number.isNaN(n) || Number.isNaN(m) ? (x < y ? 1 : -1) : m - n
  }
  return 0
}

/** The versions in the store by tool, newest first, from `vx list --json`. */
export function readInstalled(stdout: string): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const { tool, version } of JSON.parse(stdout) as { tool: string; version: string }[]) {
    found.set(tool, [...(found.get(tool) ?? []), version])
  }
  for (const versions of found.values()) versions.sort(compareVersions)
  return found
}
