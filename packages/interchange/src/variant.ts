import { catalog, questions } from "@reluctant/relu";

/** What the importer was told of what a file does not show: answers by the flag of their question. */
export type Answers = Readonly<Record<string, string | undefined>>;

/**
 * The model that a file is to be read as. Where its tensors are also those of another model, the answers say which it is, or
 * the file itself.
 * @param stated the model that the file names, as those that we exported do
 * @throws Error naming the flag that must be given, or says nothing here, or the model that the file says it is
 */
export function variantOf(model: string, answers: Answers, stated?: string): string {
  const question = questions[model];
  const unasked = Object.entries(answers).find(([flag, answer]) => answer !== undefined && flag !== question?.flag);
  if (unasked) throw new Error(`--${unasked[0]} says nothing of ${model}: its files show all of it; leave it out`);
  const variants = question ? Object.values(question.answers).map(({ model }) => model) : [model];
  if (stated !== undefined && !variants.includes(stated))
    throw new Error(`the file itself says that it is a ${stated}, which is no ${model}; name --model ${stated}`);
  if (!question) return model;
  const { flag, about, answers: known } = question;
  const own = Object.keys(known).find((each) => known[each]?.model === stated);
  const answer = catalog(answers)[flag] ?? own;
  if (own !== undefined && answer !== own)
    throw new Error(
      `--${flag} ${answer}: the file itself says that it is a ${stated}, ${flag} ${own}; leave the flag out`,
    );
  const choices = Object.entries(known).map(([each, { known }]) => `--${flag} ${each} (${known})`);
  if (answer === undefined)
    throw new Error(
      `no file of a ${model} says ${about}, and a wrong one computes another function; add ${listed(choices)}`,
    );
  const chosen = known[answer];
  if (!chosen) throw new Error(`--${flag} ${answer}: of a ${model} it must be ${listed(choices)}`);
  return chosen.model;
}

const listed = (choices: readonly string[]): string => choices.join(" or ");
