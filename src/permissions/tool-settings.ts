// Names that tools take their settings from, or run by themselves: a file written there acts later, with the rights of anyone who
// uses the tool. A path's components come in, the one that is such a name leaves.

import { foldName } from './protected.ts'

/** Folders whose content, whatever its name, is a tool's settings or runs later. */
const FOLDERS = new Set(
  `.git .hg .svn .config .local .cargo .gradle .m2 .mvn .ivy2 .sbt .stack .cabal .bundle .gem .pip .ipython .jupyter .husky .direnv
  .vscode .vscode-server .vscode-insiders .idea .fleet .zed .vim .nvim .emacs.d .helix .devcontainer .claude .cursor .gemini .codex
  .kiro .continue .windsurf .codeium .roo .cline .aider .amazonq .augment .junie .trae .qwen .opencode .goose .crush .agents .mcp
  .mise .asdf .rtx .nix-profile .android .terraform.d .ansible .vagrant.d .docker .kube .oh-my-zsh .antigen .zsh .fish .lesskey
  .systemd .autostart`.split(/\s+/),
)
/** Files of the same kind that no rule below knows. */
const FILES = new Set(
  `.gitmodules .gitattributes .emacs .dir-locals.el .xsession .pam_environment .gdbinit .lldbinit .tmux.conf .pnp.cjs .pnp.loader.mjs
  .mcp.json .renviron .ghci .cursorrules .clinerules .windsurfrules .goosehints .crush.json .roomodes .tool-versions .lefthook.yml
  bunfig.toml lefthook.yml authorized_keys crontab config.fish sitecustomize.py usercustomize.py pnpmfile.cjs config`.split(
    /\s+/,
  ),
)
/** `.bashrc`, `.eslintrc.js`, `.bash_profile`, `.gitconfig`, `.mise.local.toml`, `.zshenv`. */
const FILE_KINDS: readonly RegExp[] = [
  /^\.[a-z0-9_-]+rc(\.[a-z0-9.]+)?$/,
  /^\.[a-z0-9]*_?(profile|login|logout|aliases|env|functions)$/,
  /^\.[a-z0-9_-]+config(\.[a-z0-9.]+)?$/,
  /^\.?(mise|rtx)(\.[a-z0-9_-]+)*\.toml$/,
  /^\.(yarnrc|bunfig|pnpmfile|terraformrc|aider)(\.[a-z0-9.]+)*$/,
]
/** Settings of editors that say how text looks, and run nothing. */
const HARMLESS = new Set(['.editorconfig'])
/** What a tool whose folder nobody here has heard of keeps its settings and what it runs under. */
const IN_DOT_FOLDER =
  /^(settings|config|configuration|mcp|hooks?|tasks|launch|plugins?|extensions?|commands|agents|skills|rules|steering|prompts|init|startup|autostart)(\.[a-z0-9.]+)?$/
const DOT_FOLDER = /^\.[a-z0-9][a-z0-9._-]*$/
/** By folder and name. */
const PAIRS: readonly (readonly [folder: string, name: string])[] = [['node_modules', '.bin']]

/** The component that makes a path a tool's settings, or undefined. A name counts in every folder, as it would in a home. */
export function settingsComponent(components: readonly string[]): string | undefined {
  const folded = components.map(foldName)
  for (const [index, name] of folded.entries()) {
    const isLast = index === folded.length - 1
    const folder = folded[index - 1]
    if (FOLDERS.has(name) || PAIRS.some(([one, other]) => one === folder && other === name)) return components[index]
    if (isLast && !HARMLESS.has(name) && (FILES.has(name) || FILE_KINDS.some((kind) => kind.test(name)))) return components[index]
    if (folder !== undefined && DOT_FOLDER.test(folder) && IN_DOT_FOLDER.test(name))
      return `${components[index - 1]}/${components[index]}`
  }
  // With `config`, `objects` and `refs` beside it, it makes any folder a repository of git.
  return folded.at(-1) === 'head' ? components.at(-1) : undefined
}
