// Suggestions for a position in a vx.toml, and explanations of the names there.

import { keysOf, TABLES, valuesOf } from './keys'
import { type Outline, members, tableAt } from './outline'

export interface Tool {
  name: string
  about: string
  sources: string[]
}

/** What the program knows of tools and releases. */
export interface Knowledge {
  tools: Tool[]
  /** The versions in the store, by tool, newest first. */
  installed: Map<string, string[]>
  /** The version of each tool that the project uses, by its lock or its sources. */
  wanted: Map<string, string>
}

export interface Suggestion {
  label: string
  detail?: string
  /** The text to insert, if it is more than the label; typing goes on at `$1`. */
  snippet?: string
}

/** Tables whose lines are fixed keys, not names that the project chooses. */
const WITHOUT_MEMBERS = ['settings', 'ui', 'trust']

/** Suggestions for the end of `before`, the part of this line before the cursor. */
export function suggest(outline: Outline, line: number, before: string, knowledge: Knowledge): Suggestion[] {
  if (/^\s*\[+[\w-]*$/.test(before)) return Object.entries(TABLES).map(([label, detail]) => ({ label, detail }))
  const table = tableAt(outline, line)
  const [root, name] = table.split('.')
  const value = /^\s*["']?([^"'=]+?)["']?\s*=\s*(?:\{.*?\bversion\s*=\s*)?(["'])[^"']*$/.exec(before)
  if (value) {
    const key = value[1]!.trim()
    if (root === 'tools' && !name) return versions(key, knowledge)
    if (root === 'tools' && name && key === 'version') return versions(name, knowledge)
    const isKey = name !== undefined || WITHOUT_MEMBERS.includes(root ?? '')
    return isKey ? valuesOf(root ?? '', key).map(label => ({ label })) : []
  }
  const inBraces = /=\s*\{(?:[^"'}]|"[^"]*"|'[^']*')*?(?:^|[{,])\s*[\w-]*$/.test(before)
  if (inBraces) return keys(root, 'inline')
  if (!/^\s*[\w-]*$/.test(before)) return []
  if (root === 'tools' && !name) return tools(outline, line, knowledge)
  return keys(root, name)
}

function keys(root: string | undefined, name: string | undefined): Suggestion[] {
  if (!name && !WITHOUT_MEMBERS.includes(root ?? '')) return []
  return keysOf(root ?? '').map(({ name: label, about }) => ({ label, detail: about, snippet: `${label} = $1` }))
}

function tools(outline: Outline, line: number, knowledge: Knowledge): Suggestion[] {
  const declared = new Set(members(outline, 'tools').filter(member => member.line !== line).map(({ name }) => name))
  return knowledge.tools
    .filter(tool => !declared.has(tool.name))
    .map(tool => ({ label: tool.name, detail: tool.about, snippet: `${tool.name} = "\${1:latest}"` }))
}

/** Installed versions first, since they need no download. */
function versions(tool: string, knowledge: Knowledge): Suggestion[] {
  const wanted = knowledge.wanted.get(tool)
  const installed = knowledge.installed.get(tool) ?? []
  const rows = installed.map(label => ({ label, detail: label === wanted ? 'installed, in use' : 'installed' }))
  if (wanted && !installed.includes(wanted)) rows.push({ label: wanted, detail: 'missing' })
  return [...rows, { label: 'latest', detail: 'the newest release' }]
}

/** A tool's or a key's meaning, as Markdown. */
export function describe(outline: Outline, line: number, word: string, knowledge: Knowledge): string | undefined {
  const table = tableAt(outline, line)
  const isHeading = outline.headings.some(heading => heading.line === line)
  if (isHeading && TABLES[word]) return `**[${word}]** ${TABLES[word]}`
  const key = keyAt(outline, line, word)
  if (key) return `**${word}** ${key.about}`
  const isTool = members(outline, 'tools').some(member => member.line === line && member.name === word)
  if (!isTool || table.split('.')[0] !== 'tools') return undefined
  const known = knowledge.tools.find(tool => tool.name === word)
  const wanted = knowledge.wanted.get(word)
  const installed = knowledge.installed.get(word) ?? []
  return [
    `**${word}** ${known?.about ?? ''}`.trim(),
    known && `From: ${known.sources.join(', ')}`,
    wanted && `Wanted: ${wanted}${installed.includes(wanted) ? '' : ' (missing)'}`,
    installed.length > 0 && `Installed: ${installed.join(', ')}`,
  ]
    .filter(Boolean)
    .join('\n\n')
}

/** The key at the beginning of a line in a member's table, or in a table without members. */
function keyAt(outline: Outline, line: number, word: string) {
  const [root, name] = tableAt(outline, line).split('.')
  if (!outline.entries.some(entry => entry.line === line && entry.key.split('.')[0] === word)) return undefined
  return name || WITHOUT_MEMBERS.includes(root ?? '') ? keysOf(root ?? '').find(key => key.name === word) : undefined
}
