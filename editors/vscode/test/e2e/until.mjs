// Waiting for a state.

/** How long a loaded machine may need for a step that normally takes a second. */
export const PATIENCE_MS = 60_000

/** Returns the first truthy result of `look`; on failure, the message has the last result or error. */
export async function until(what, look, patience_ms = PATIENCE_MS) {
  const end = Date.now() + patience_ms
  for (;;) {
    let last
    try {
      last = await look()
      if (last) return last
    } catch (error) {
      last = error.message
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${patience_ms} ms; at the end: ${JSON.stringify(last)}`)
    await new Promise(later => setTimeout(later, 50))
  }
}
