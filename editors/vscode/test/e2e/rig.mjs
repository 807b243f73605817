// A VS Code for one test: a server with its own folders, the extension in it, and a headless browser that shows it.
//
// Everything listens on loopback, the extension gallery is a closed port, and the browser resolves no names. `stop`
// ends what was started, by process id, and everything that carries this rig's mark in its environment, since shells of
// a terminal outlive their parent.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { until } from './until.mjs'
import { Window } from './window.mjs'

const SETTINGS = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.enableExperiments': false,
  'workbench.reduceMotion': 'on',
  'window.commandCenter': false,
  'chat.disableAIFeatures': true,
  'telemetry.telemetryLevel': 'off',
  'remote.autoForwardPorts': false,
  'update.mode': 'none',
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'editor.minimap.enabled': false,
  'terminal.integrated.enablePersistentSessions': false,
  // The DOM renderer, whose text is in the page.
  'terminal.integrated.gpuAcceleration': 'off',
}

/** The browser, if there is one. */
export function findChromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  const places = (process.env.PATH ?? '').split(path.delimiter)
  return places.flatMap(place => names.map(name => path.join(place, name))).find(file => fs.existsSync(file))
}

/** Opens `folder` in a fresh VS Code. With `trust` false, the folder is not trusted. */
export async function startRig({ room, vsix, folder, settings = {}, variables = {}, trust = true }) {
  const own = fs.mkdtempSync(path.join(os.tmpdir(), 'vxe'))
  const mark = path.basename(own)
  const place = name => path.join(own, name)
  for (const name of ['user/User', 'user/Machine', 'extensions', 'home', 'tmp']) {
    fs.mkdirSync(place(name), { recursive: true, mode: 0o700 })
  }
  const all = { ...SETTINGS, 'security.workspace.trust.enabled': !trust, 'security.workspace.trust.startupPrompt': 'never', ...settings }
  // The window counts as remote: machine settings are read from one file, all others from the other.
  for (const name of ['User', 'Machine']) fs.writeFileSync(place(`user/${name}/settings.json`), JSON.stringify(all))
  const [port, closed] = [await freePort(), await freePort()]
  const environment = {
    HOME: place('home'), TMPDIR: place('tmp'), XDG_RUNTIME_DIR: place('tmp'), LANG: 'C.UTF-8', SHELL: '/bin/bash', TERM: 'xterm-256color',
    PATH: process.env.PATH, EXTENSIONS_GALLERY: JSON.stringify({ serviceUrl: `http://127.0.0.1:${closed}/` }), VX_E2E_RIG: mark, ...variables,
  }
  const node = path.join(room, 'node/bin/node')
  const entry = path.join(room, 'code/node_modules/code-server/out/node/entry.js')
  const common = [entry, '--config', '/dev/null', '--user-data-dir', place('user'), '--extensions-dir', place('extensions')]
  let browser
  const stop = async () => {
    await browser?.close().catch(() => {})
    await endMarked(mark)
    fs.rmSync(own, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    await promisify(execFile)(node, [...common, '--install-extension', vsix], { env: environment, timeout: 120_000 })
    const log = fs.openSync(place('server.log'), 'a')
    const doors = ['--bind-addr', `127.0.0.1:${port}`, '--auth', 'none', '--disable-telemetry', '--disable-update-check']
    const trusting = trust ? ['--disable-workspace-trust'] : []
    const server = spawn(node, [...common, ...doors, ...trusting, '--disable-getting-started-override', folder], {
      env: environment, cwd: place('home'), stdio: ['ignore', log, log],
    })
    await until('the server answers', async () => {
      if (server.exitCode !== null) throw new Error(fs.readFileSync(place('server.log'), 'utf8'))
      return (await fetch(`http://127.0.0.1:${port}/healthz`)).ok
    })
    const { chromium } = createRequire(path.join(room, 'driver/package.json'))('playwright-core')
    browser = await chromium.launch({
      executablePath: findChromium(), headless: true, env: { ...environment, TMPDIR: place('tmp') },
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
    })
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: 'en-US' })
    await page.goto(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(folder)}`, { waitUntil: 'domcontentloaded' })
    await page.waitForSelector('.monaco-workbench .statusbar-item', { timeout: 120_000 })
    return { window: new Window(page), stop, processes: () => marked(mark), environment }
  } catch (error) {
    await stop()
    throw error
  }
}

export async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  await new Promise(closed => server.close(closed))
  return port
}

/** The processes that carry the mark, with their arguments. */
function marked(mark) {
  const found = []
  for (const name of fs.readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    try {
      const ours = fs.readFileSync(`/proc/${name}/environ`, 'utf8').includes(`VX_E2E_RIG=${mark}\0`)
      if (ours) found.push({ pid: Number(name), words: fs.readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0') })
    } catch {
      // It is gone, or another user's.
    }
  }
  // Processes that have ended but aren't reaped yet have no environment left, so they don't count.
  return found
}

async function endMarked(mark) {
  const signal = name => {
    for (const { pid } of marked(mark)) {
      try {
        process.kill(pid, name)
      } catch {
        // Gone meanwhile.
      }
    }
  }
  signal('SIGTERM')
  await until('all processes end', () => marked(mark).length === 0, 10_000).catch(() => signal('SIGKILL'))
  await until('no process is left', () => marked(mark).length === 0)
}
