// The tables of a vx.toml and their keys, as the program reads them. A test of the program compares these lists with its own.

export const TABLES: Record<string, string> = {
  tools: 'The tools of the project with their versions',
  scripts: 'Commands for `vx run`, with the tools in front of PATH',
  services: 'Programs for `vx up`, each started once what it needs is ready',
  env: 'Variables of scripts, services and terminals',
  settings: 'How vx installs',
  progress: 'How commands print their progress',
}

export const TOOL_KEYS = [
  'version', 'os', 'source', 'package', 'url', 'sha256', 'bin', 'strip', 'components', 'exclude_patterns', 'install_env',
  'options', 'postinstall', 'optional', 'minimum_release_age',
]

export const SCRIPT_KEYS = ['command', 'description', 'args', 'env', 'cwd', 'depends']

export const SERVICE_KEYS = [
  'command', 'shell', 'directory', 'env', 'env_file', 'port', 'ready', 'needs', 'restart', 'stop', 'optional', 'description',
  'health', 'watch', 'build', 'reload', 'errors', 'external', 'preset', 'path',
]

export const SETTING_KEYS = [
  'auto_install', 'jobs', 'sources', 'cache_duration', 'minimum_release_age', 'verify_checksums', 'require_signatures',
  'require_provenance', 'mirrors',
]

export const PROGRESS_KEYS = ['pattern', 'patterns', 'total']

/** Values that stand between quotes, by key of a service. */
export const SERVICE_VALUES: Record<string, string[]> = {
  restart: ['on-failure', 'always', 'never'],
  errors: ['go', 'rustc', 'tsc', 'esbuild'],
  preset: ['vite-go'],
  port: ['auto'],
}
