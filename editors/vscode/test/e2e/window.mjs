// The window of a VS Code in a browser: what a person sees and does there.
//
// In the page, lists, editors and terminals hold only what is visible, and texts have no-break spaces.
import { PATIENCE_MS, until } from './until.mjs'

const plain = text => (text ?? '').replace(/\u00a0/g, ' ')

export class Window {
  constructor(page) {
    this.page = page
    page.setDefaultTimeout(PATIENCE_MS)
  }

  /** Waits until an item of the status bar, named `publisher.name.item`, has this text. */
  async status(id, expected) {
    const look = async () => {
      const text = plain(await this.page.locator(`[id="${id}"]`).innerText({ timeout: 2_000 })).trim()
      if (!expected.test(text)) throw new Error(text)
      return text
    }
    return until(`the status bar has ${expected}`, look)
  }

  /** Runs a command by its full title in the palette. */
  async command(title) {
    await this.open('>' + title)
    const exact = new RegExp(`^${title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/ /g, '\\s')}$`)
    const label = this.page.locator('.label-name', { hasText: exact })
    await this.page.locator('.quick-input-list .monaco-list-row').filter({ has: label }).first().click()
  }

  /** Opens a file of the folder. */
  async file(name) {
    await this.open(name)
    await this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: name }).first().click()
    await this.page.locator(`.tab[data-resource-name="${name}"].active`).waitFor()
  }

  /** The palette takes keys only once the workbench is up. */
  async open(text) {
    const box = this.page.locator('.quick-input-widget input.input')
    // Close an open list of choices. Without a list, the key would close notifications.
    if (await box.isVisible()) await this.page.keyboard.press('Escape')
    await until('the palette', async () => {
      if (!(await box.isVisible())) await this.page.keyboard.press('F1')
      await box.waitFor({ state: 'visible', timeout: 3_000 })
      await box.fill(text, { timeout: 3_000 })
      return true
    })
  }

  /** Waits for a list of choices with such a row, and returns its rows. */
  async choices(expected) {
    return until(`choices with ${expected}`, async () => {
      const rows = (await this.page.locator('.quick-input-list .monaco-list-row').allInnerTexts()).map(plain)
      if (!rows.some(row => expected.test(row))) throw new Error(rows.join(' | '))
      return rows
    })
  }

  async choose(text) {
    await this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: text }).first().click()
  }

  async notifications() {
    const rows = this.page.locator('.notifications-toasts.visible .monaco-list-row')
    return (await rows.allInnerTexts()).map(plain)
  }

  async clickNotification(text, button) {
    const row = this.page.locator('.notifications-toasts .monaco-list-row').filter({ hasText: text })
    await row.getByRole('button', { name: button }).click()
  }

  async problems() {
    await this.command('Problems: Focus on Problems View')
    return this.page.$$eval('.markers-panel .monaco-list-row', rows => rows.map(row => row.getAttribute('aria-label') ?? ''))
  }

  /** Unfolds a view of the side bar. */
  async unfold(view) {
    const head = this.page.locator(`.pane-header[aria-label^="${view}"]`)
    await head.waitFor()
    if ((await head.getAttribute('aria-expanded')) !== 'true') await head.click()
  }

  /** Waits for such a row of a tree, and returns it. */
  async row(view, expected) {
    return until(`the tree has ${expected}`, async () => {
      const parts = await this.rows(view).evaluateAll(rows =>
        rows.map(row => [...row.querySelectorAll('.label-name, .label-description')].map(part => part.textContent)),
      )
      const rows = parts.map(part => plain(part.join(' ')))
      const found = rows.find(row => expected.test(row))
      if (!found) throw new Error(rows.join(' | '))
      return found
    })
  }

  /** Clicks an inline command of a tree's row. */
  async rowCommand(view, row, title) {
    const found = this.rows(view).filter({ hasText: row }).first()
    await found.hover()
    await found.locator(`a[aria-label^="${title}"]`).click()
  }

  rows(view) {
    return this.page.locator(`.pane:has(> .pane-header[aria-label^="${view}"]) .monaco-list-row`)
  }

  /** Whether a mark for an error is on the line with this text. */
  async marked(text) {
    const line = await this.page.locator('.view-line').filter({ hasText: text }).first().boundingBox({ timeout: 2_000 })
    const mark = await this.page.locator('.squiggly-error').first().boundingBox({ timeout: 2_000 })
    return line !== null && mark !== null && Math.abs(line.y - mark.y) < line.height / 2
  }

  /** The lenses above lines of the editor. */
  async lens(title, at = 0) {
    await this.page.locator('.codelens-decoration a', { hasText: title }).nth(at).click()
  }

  async lenses() {
    return (await this.page.locator('.codelens-decoration').allInnerTexts()).map(text => plain(text).trim())
  }

  /** Waits until the editor shows such a text; it reads a changed file a moment later. */
  async text(expected) {
    return until(`the editor shows ${expected}`, async () => {
      const lines = await this.page.$$eval('.editor-group-container.active .view-lines .view-line', lines =>
        lines.map(line => [parseFloat(line.style.top), line.textContent]),
      )
      const text = plain(lines.sort((a, b) => a[0] - b[0]).map(line => line[1]).join('\n'))
      if (!expected.test(text)) throw new Error(text)
      return text
    })
  }

  /** Waits until the open hover has such a text. */
  async hover(expected) {
    return until(`the explanation has ${expected}`, async () => {
      const text = plain((await this.page.locator('.monaco-hover:visible').allInnerTexts()).join('\n'))
      if (!expected.test(text)) throw new Error(text)
      return text
    })
  }

  /** Goes to the end of a line, counted from 1. */
  async line(number) {
    await this.open(`:${number}`)
    await this.page.keyboard.press('Enter')
    await this.page.keyboard.press('End')
  }

  /** Asks for suggestions here, and waits for a matching one. */
  async suggestions(expected) {
    return until(`suggestions with ${expected}`, async () => {
      await this.page.keyboard.press('Escape')
      await this.page.keyboard.press('Control+Space')
      const rows = this.page.locator('.suggest-widget.visible .monaco-list-row')
      await rows.first().waitFor({ timeout: 5_000 })
      const texts = (await rows.allInnerTexts()).map(plain)
      if (!texts.some(text => expected.test(text))) throw new Error(texts.join(' | '))
      return texts
    })
  }

  /** Waits until the visible terminal shows such a text. */
  async shows(expected) {
    return until(`the terminal shows ${expected}`, async () => {
      const lines = await this.page.locator('.terminal-wrapper.active .xterm-rows > div').allTextContents()
      const text = lines.map(line => plain(line).trimEnd()).join('\n')
      if (!expected.test(text)) throw new Error(text)
      return text
    })
  }

  /** Waits until this output channel is visible. */
  async channel(name) {
    const chosen = this.page.locator('.panel .monaco-select-box')
    await until(`the channel ${name}`, () => chosen.evaluateAll((boxes, name) => boxes.some(box => box.value === name || box.title === name || box.selectedOptions?.[0]?.text === name), name))
  }

  /** Opens a new terminal, and waits for its prompt. */
  async terminal() {
    await this.command('Terminal: Create New Terminal')
    await this.shows(/[#$] *$/m)
    await this.page.locator('.terminal-wrapper.active .xterm-helper-textarea').focus()
  }

  async type(line) {
    await this.page.keyboard.type(line)
    await this.page.keyboard.press('Enter')
  }

  async picture(file) {
    await this.page.screenshot({ path: file })
  }
}
