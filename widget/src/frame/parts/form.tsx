/** The parts that every small form is made of: a labelled field, one action, and what became of it. */
import type { ComponentChildren, TargetedSubmitEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, NetworkError } from "../../api";
import { useLanguage } from "../language";
import type { Strings } from "../strings/en";

interface FieldProps {
  label: string;
  value: string;
  onValue: (value: string) => void;
  type?: "text" | "email";
  autocomplete: AutoFill;
  inputMode?: "numeric" | "text";
  pattern?: string;
  maxLength: number;
  optional?: boolean;
  focus?: boolean;
  /** Several lines. */
  long?: boolean;
}

export function Field({ label, value, onValue, focus, optional, long, type = "text", ...rest }: FieldProps): ComponentChildren {
  const field = useRef<HTMLInputElement>(null);
  const Tag = (long ? "textarea" : "input") as "input";
  useEffect(() => {
    if (focus) field.current?.focus();
  }, []);
  return (
    <label class="field">
      {label}
      <Tag
        {...rest}
        ref={field}
        type={(long ? undefined : type) as "email"}
        value={value}
        required={!optional}
        onInput={(event: Event) => onValue((event.currentTarget as HTMLInputElement).value)}
      />
    </label>
  );
}

export interface Form {
  busy: boolean;
  problem: string;
  run: () => Promise<void>;
  submit: (event: TargetedSubmitEvent<HTMLFormElement>) => void;
}

/** A form's one action; it answers what to tell the shopper, "" when all is well. */
export function useForm(action: () => Promise<string>): Form {
  const { words } = useLanguage();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const run = async (): Promise<void> => {
    setBusy(true);
    setProblem("");
    setProblem(await action().catch((error: unknown) => tellOf(error, words)));
    setBusy(false);
  };
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (!busy) void run();
  };
  return { busy, problem, run, submit };
}

export function Footer({ form, label, children }: { form: Form; label: string; children?: ComponentChildren }): ComponentChildren {
  return (
    <>
      {form.problem && (
        <p class="wrong" role="alert">
          {form.problem}
        </p>
      )}
      <div class="actions">
        <button class="solid" disabled={form.busy}>
          {label}
        </button>
        {children}
      </div>
    </>
  );
}

/** Wrong and unknown look alike here too. */
function tellOf(error: unknown, words: Strings): string {
  if (error instanceof NetworkError) return words.network;
  if (!(error instanceof ApiError)) return words.failed;
  if (error.status === 429) return words.too_many;
  return error.status >= 500 ? words.failed : words.not_matched;
}
