// Calls of the program `vx`, with its output as a whole or piece by piece while it runs.

import { spawn } from 'node:child_process'
import type { Finished } from './check'
import { environment } from './environment'

export interface Call {
  program: string
  directory: string
  args: string[]
  /** Takes standard output as it arrives. */
  onOutput?: (piece: string) => void
  /** Ends the program like Ctrl-C: what was already fetched is kept. */
  cancel?: AbortSignal
}

/** Rejects only if the program cannot be started. */
export function run(call: Call): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(call.program, call.args, {
      cwd: call.directory,
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      stdout += piece
      call.onOutput?.(piece)
    })
    child.stderr.setEncoding('utf8').on('data', (piece: string) => (stderr += piece))
    const interrupt = () => void child.kill('SIGINT')
    call.cancel?.addEventListener('abort', interrupt)
    child.on('error', reject)
    child.on('close', code => {
      call.cancel?.removeEventListener('abort', interrupt)
      resolve({ code, stdout, stderr })
    })
    if (call.cancel?.aborted) interrupt()
  })
}
