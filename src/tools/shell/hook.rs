//! The hook that runs vx at each prompt of a shell, and applies the changes that vx prints.

use std::path::Path;

use super::Shell;

/// The lines for the shell's profile; `vx` is this program.
pub fn profile(shell: Shell, vx: &Path) -> String {
    let vx = shell.quoted(vx.as_os_str());
    match shell {
        Shell::Bash => format!(
            "_vx_hook() {{\n  local previous=$?\n  eval \"$({vx} activate --hook bash)\"\n  return $previous\n}}\n\
             case \";${{PROMPT_COMMAND[*]:-}};\" in\n  *_vx_hook*) ;;\n  \
             *) PROMPT_COMMAND=\"_vx_hook${{PROMPT_COMMAND:+;$PROMPT_COMMAND}}\" ;;\nesac\n_vx_hook"
        ),
        Shell::Zsh => format!(
            "_vx_hook() {{ eval \"$({vx} activate --hook zsh)\" }}\n\
             typeset -ag precmd_functions\n\
             if (( ! ${{precmd_functions[(I)_vx_hook]}} )); then precmd_functions=(_vx_hook $precmd_functions); fi\n_vx_hook"
        ),
        Shell::Fish => {
            format!("function _vx_hook --on-event fish_prompt\n  {vx} activate --hook fish | source\nend\n_vx_hook")
        }
        Shell::Powershell => format!(
            "function global:_vx_hook {{ $changes = & {vx} activate --hook powershell | Out-String; \
             if ($changes) {{ Invoke-Expression $changes }} }}\n\
             if (-not (Test-Path variable:global:_vx_prompt)) {{\n  $global:_vx_prompt = $function:prompt\n  \
             function global:prompt {{ _vx_hook; & $global:_vx_prompt }}\n}}\n_vx_hook"
        ),
    }
}
