// The tables of a vx.toml with their keys and values, from the schema that other editors read, too. A test of vx
// compares the schema with what vx reads.

import schema from '../vx.schema.json'

interface Rule {
  description?: string
  enum?: unknown[]
  examples?: string[]
  allOf?: { $ref: string }[]
  $ref?: string
  properties?: Record<string, Rule>
}

const parts = schema.$defs as unknown as Record<string, Rule>

/** What each table is for. */
export const TABLES: Record<string, string> = Object.fromEntries(
  Object.entries(schema.properties as Record<string, Rule>)
    // The former name of a table still works, but is not offered.
    .filter(([name]) => name !== 'runtimes')
    .map(([name, { description }]) => [name, description ?? '']),
)

const PARTS: Record<string, string[]> = {
  tools: ['declared_tool'],
  scripts: ['declared_script'],
  services: ['declared_service', 'preset'],
  progress: ['declared_progress'],
  settings: ['settings'],
  ui: ['ui'],
  trust: ['trust'],
}

function rules(table: string): [string, Rule][] {
  const of = (part: string) => Object.entries(parts[part]?.properties ?? {})
  return [...new Map((PARTS[table] ?? []).flatMap(of).reverse())].reverse()
}

/** The keys of a table, or of one of its members, with what they are for. */
export function keysOf(table: string): { name: string; about: string }[] {
  return rules(table).map(([name, { description }]) => ({ name, about: description ?? '' }))
}

/** The values that a key can have, if the schema lists them. */
export function valuesOf(table: string, key: string): string[] {
  const rule = rules(table).find(([name]) => name === key)?.[1]
  const meant = rule?.allOf?.[0]?.$ref ?? rule?.$ref
  const { enum: words, examples } = { ...parts[meant?.replace('#/$defs/', '') ?? ''], ...rule }
  return (words ?? examples ?? []).filter(word => typeof word === 'string')
}
