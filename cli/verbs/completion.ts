import { Argument, Command } from "commander";
import { say } from "../output.ts";
import { shellQuote } from "../../domain/shared/shell-quote.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

/** Written from the program itself, so that no verb or option is forgotten. */
export function completionCommand(program: Command): Command {
  return new Command("completion")
    .description("Print completions for a shell")
    .addArgument(new Argument("<shell>").choices(SHELLS))
    .addHelpText("after", '\n  bash  eval "$(drover completion bash)"   in ~/.bashrc\n  zsh   eval "$(drover completion zsh)"    in ~/.zshrc\n  fish  drover completion fish > ~/.config/fish/completions/drover.fish')
    .action((shell: Shell) => say(SCRIPTS[shell](tableOf(program))));
}

interface Entry {
  /** Words after `drover`. */
  path: string;
  description: string;
  words: { word: string; says: string }[];
}

function tableOf(program: Command): Entry[] {
  const visit = (command: Command, path: string[]): Entry[] => {
    const words = [
      ...command.commands.map((one) => ({ word: one.name(), says: one.description() })),
      ...command.options.map((option) => ({ word: option.long ?? option.short!, says: option.description })),
    ];
    return [{ path: path.join(" "), description: command.description(), words }, ...command.commands.flatMap((one) => visit(one, [...path, one.name()]))];
  };
  return visit(program, []);
}

const cases = (entries: Entry[]) => entries.map(({ path, words }) => `    ${shellQuote(path)}) words=${shellQuote(words.map(({ word }) => word).join(" "))} ;;`).join("\n");

/** The longest known words before the cursor choose what may follow; else files. */
const FIND = `  local path="" known="" word words
  for word in "\${before[@]}"; do
    case "$word" in -*) continue ;; esac
    case "|$all|" in *"|\${path:+$path }$word|"*) path="\${path:+$path }$word" ;; esac
  done`;

const SCRIPTS: Record<Shell, (entries: Entry[]) => string> = {
  bash: (entries) => `_drover() {
  local all=${shellQuote(entries.map(({ path }) => path).join("|"))}
  local before=("\${COMP_WORDS[@]:1:COMP_CWORD-1}")
${FIND}
  case "$path" in
${cases(entries)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _drover drover`,
  zsh: (entries) => `_drover() {
  local all=${shellQuote(entries.map(({ path }) => path).join("|"))}
  local -a before=("\${(@)words[2,CURRENT-1]}")
${FIND.replace(" word words", " word list").replaceAll("words", "list")}
  local list
  case "$path" in
${cases(entries).replaceAll(" words=", " list=")}
  esac
  compadd -- \${=list} || _files
}
compdef _drover drover`,
  fish: (entries) =>
    entries
      .flatMap(({ path, words }) => {
        const parts = path ? path.split(" ") : [];
        const when = parts.length === 0 ? "__fish_use_subcommand" : parts.map((part) => `__fish_seen_subcommand_from ${part}`).join("; and ");
        return words.map(({ word, says }) => `complete -c drover -n ${shellQuote(when)} ${word.startsWith("--") ? `-l ${word.slice(2)}` : word.startsWith("-") ? `-s ${word.slice(1)}` : `-f -a ${word}`} -d ${shellQuote(says)}`);
      })
      .join("\n"),
};
