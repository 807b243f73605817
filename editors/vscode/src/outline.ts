// The tables and keys of a vx.toml with their positions, even while its text is half written.
//
// A TOML parser gives nothing for a file with a mistake, and every file has one while it is being typed. Reading lines
// is enough here: vx itself reports what is wrong with a file.

export interface Entry {
  /** The table's name, such as `tools` or `services.db`; empty before the first heading. */
  table: string
  key: string
  /** The key's parts; a quoted part may contain dots. */
  parts: string[]
  line: number
  /** The text after `=` on the same line, without surrounding blanks and comments. */
  value: string
  /** The column of the value's first character. */
  valueColumn: number
}

export interface Heading {
  table: string
  /** The parts of its name; a quoted part may contain dots. */
  parts: string[]
  line: number
}

export interface Outline {
  headings: Heading[]
  entries: Entry[]
}

const KEY = String.raw`(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*`
const HEADING = new RegExp(String.raw`^\s*\[\[?\s*(${KEY})\s*\]\]?\s*(?:#.*)?$`)
const ENTRY = new RegExp(String.raw`^\s*(${KEY})\s*=\s*`)

export function outline(text: string): Outline {
  const found: Outline = { headings: [], entries: [] }
  let table = ''
  // The quotes that end a multi-line string, while one is open.
  let open: string | undefined
  text.split(/\r?\n/).forEach((content, line) => {
    if (open) {
      if (content.includes(open)) open = undefined
      return
    }
    const heading = HEADING.exec(content)
    if (heading) {
      const parts = partsOf(heading[1]!)
      table = parts.join('.')
      found.headings.push({ table, parts, line })
      return
    }
    const entry = ENTRY.exec(content)
    if (!entry) return
    const value = withoutComment(content.slice(entry[0].length))
    const parts = partsOf(entry[1]!)
    found.entries.push({ table, key: parts.join('.'), parts, line, value, valueColumn: entry[0].length })
    const quotes = /^("""|''')/.exec(value)?.[1]
    if (quotes && !value.slice(3).includes(quotes)) open = quotes
  })
  return found
}

/** The table that a line belongs to. */
export function tableAt(outline: Outline, line: number): string {
  return outline.headings.filter(heading => heading.line <= line).pop()?.table ?? ''
}

export interface Named {
  name: string
  line: number
}

/** The members of `[scripts]`, `[services]` or `[tools]`, as keys or with their own headings; each name once. */
export function members(outline: Outline, table: 'scripts' | 'services' | 'tools'): Named[] {
  const own = outline.entries
    .filter(entry => entry.table === table)
    .map(({ parts, line }) => ({ name: parts[0]!, line }))
  const headed = outline.headings
    .filter(({ parts }) => parts[0] === table && parts.length > 1)
    .map(({ parts, line }) => ({ name: parts[1]!, line }))
  const all = [...own, ...headed].sort((a, b) => a.line - b.line)
  return all.filter((one, at) => all.findIndex(other => other.name === one.name) === at)
}

/** The position of a tool's version in `[tools]`, without its quotes. */
export function versionPlace(outline: Outline, tool: string): { line: number; start: number; end: number } | undefined {
  const entry =
    outline.entries.find(entry => entry.table === 'tools' && entry.key === tool) ??
    outline.entries.find(entry => entry.table === `tools.${tool}` && entry.key === 'version')
  if (!entry) return undefined
  const quoted = /^(?:\{.*?\bversion\s*=\s*)?(["'])(.*?)\1/.exec(entry.value)
  if (!quoted) return undefined
  const end = entry.valueColumn + quoted[0].length - 1
  return { line: entry.line, start: end - quoted[2]!.length, end }
}

function partsOf(key: string): string[] {
  return key
    .split(/\s*\.\s*(?=(?:[^"']|"[^"]*"|'[^']*')*$)/)
    .map(part => part.replace(/^(["'])(.*)\1$/, '$2'))
}

function withoutComment(text: string): string {
  const found = /^(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^#"']|["'])*/.exec(text)
  return (found?.[0] ?? text).trimEnd()
}
