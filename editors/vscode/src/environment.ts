// The environment of programs that the extension starts: the editor's own, without the variables meant for its own
// processes.

const OF_THE_EDITOR = /^(ELECTRON|VSCODE)_/

export function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !OF_THE_EDITOR.test(name)))
}
