// An npm registry on loopback with releases of two tools, whose archives are sent as far as the test allows.
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'

const FILLER_BYTES = 2 << 20
const MACHINE = { x64: 'x64', arm64: 'arm64' }[process.arch]
const TOOLS = {
  esbuild: { package: `@esbuild/linux-${MACHINE}`, program: 'bin/esbuild', versions: ['0.27.0', '0.26.1'] },
  biome: { package: `@biomejs/cli-linux-${MACHINE}`, program: 'biome', versions: ['2.3.4'] },
}

export async function startRegistry() {
  const replies = new Map()
  const held = []
  let holding = true
  const server = http.createServer((request, response) => {
    const reply = replies.get(decodeURIComponent(request.url))
    if (!reply) return response.writeHead(404).end()
    const { body, type } = reply
    response.writeHead(200, { 'Content-Type': type, 'Content-Length': body.length })
    if (request.method === 'HEAD') return response.end()
    if (type === 'application/json' || !holding) return response.end(body)
    const half = body.length >> 1
    response.write(body.subarray(0, half))
    held.push(() => response.end(body.subarray(half)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = `http://127.0.0.1:${server.address().port}`
  for (const tool of Object.values(TOOLS)) publish(tool, address, replies)
  return {
    address: `${address}/`,
    /** Holds back the second halves of archives from now on. */
    hold: () => {
      holding = true
    },
    /** Sends the second halves of all archives, from now on without delay. */
    release: () => {
      holding = false
      for (const send of held.splice(0)) send()
    },
    stop: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

function publish({ package: name, program, versions }, address, replies) {
  const json = value => ({ body: Buffer.from(JSON.stringify(value)), type: 'application/json' })
  const documents = {}
  for (const version of versions) {
    const body = archive(program, version)
    const file = `/${name}/-/${name.split('/').at(-1)}-${version}.tgz`
    replies.set(file, { body, type: 'application/octet-stream' })
    const integrity = `sha512-${createHash('sha512').update(body).digest('base64')}`
    documents[version] = { name, version, dist: { tarball: address + file, integrity, shasum: '0'.repeat(40) } }
    replies.set(`/${name}/${version}`, json(documents[version]))
  }
  const time = Object.fromEntries(versions.map(version => [version, '2020-01-01T00:00:00.000Z']))
  replies.set(`/${name}`, json({ name, 'dist-tags': { latest: versions[0] }, versions: documents, time }))
}

/** A package with a program that prints its version, and bytes that do not compress. */
function archive(program, version) {
  const room = fs.mkdtempSync(path.join(os.tmpdir(), 'vxr'))
  try {
    const file = path.join(room, 'package', program)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, `#!/bin/sh\necho "${version}"\n`, { mode: 0o755 })
    fs.writeFileSync(path.join(room, 'package/filler'), randomBytes(FILLER_BYTES))
    execFileSync('tar', ['czf', 'archive.tgz', 'package'], { cwd: room })
    return fs.readFileSync(path.join(room, 'archive.tgz'))
  } finally {
    fs.rmSync(room, { recursive: true, force: true })
  }
}
