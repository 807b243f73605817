// The events of `vx sync --json`, one object a line, reduced to what a progress notification shows.

export class Progress {
  private rest = ''
  private percent = 0

  /** Takes a piece of the stream, cut anywhere; returns the percent reached, which only grows. */
  push(piece: string): number {
    const parts = (this.rest + piece).split('\n')
    this.rest = parts.pop() ?? ''
    for (const part of parts) this.percent = Math.max(this.percent, percentOf(part))
    return this.percent
  }
}

function percentOf(line: string): number {
  const event = parse(line)
  // Only the totals count: events of single tools would make the bar jump between tools.
  if (event?.event !== 'progress' || typeof event.bytes_downloaded !== 'number') return 0
  if (typeof event.total_bytes !== 'number' || event.total_bytes <= 0) return 0
  return Math.min(100, Math.floor((100 * event.bytes_downloaded) / event.total_bytes))
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
