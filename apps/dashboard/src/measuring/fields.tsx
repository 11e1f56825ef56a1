import { type ReactNode, useId } from "react";

interface FieldProps {
  label: string;
  /** What the API found wrong with it. */
  fault: string | undefined;
}

/** A control under its label, over what is wrong with it. */
function Field({ label, fault, children }: FieldProps & { children: (ids: ControlProps) => ReactNode }) {
  const id = useId();
  const faultId = `${id}-fault`;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-invalid": fault !== undefined, "aria-describedby": fault ? faultId : undefined })}
      {fault && (
        <span id={faultId} className="mistake" role="alert">
          {fault}
        </span>
      )}
    </div>
  );
}

interface ControlProps {
  id: string;
  "aria-invalid": boolean;
  "aria-describedby": string | undefined;
}

interface ChoiceProps<T extends string> extends FieldProps {
  options: readonly { value: T; text: string }[];
}

/** One of several. */
export const Choice = <T extends string>({
  options,
  value,
  onChange,
  ...field
}: ChoiceProps<T> & { value: T; onChange: (value: T) => void }) => (
  <Field {...field}>
    {(control) => (
      <select {...control} value={value} onChange={({ target }) => onChange(target.value as T)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.text}
          </option>
        ))}
      </select>
    )}
  </Field>
);

/** A number as it is typed. */
export const Amount = ({
  value,
  onChange,
  ...field
}: FieldProps & { value: string; onChange: (value: string) => void }) => (
  <Field {...field}>
    {(control) => (
      <input
        {...control}
        inputMode="numeric"
        autoComplete="off"
        value={value}
        onChange={({ target }) => onChange(target.value)}
      />
    )}
  </Field>
);

/** Any of several, in the order in which they are listed. */
export function Several<T extends string>({
  label,
  fault,
  options,
  values,
  onChange,
}: ChoiceProps<T> & { values: readonly T[]; onChange: (values: T[]) => void }) {
  const faultId = useId();
  const toggled = (value: T) =>
    options.map((option) => option.value).filter((each) => (each === value) !== values.includes(each));
  return (
    <fieldset className="field" aria-describedby={fault ? faultId : undefined}>
      <legend>{label}</legend>
      {options.map(({ value, text }) => (
        <label key={value} className="tick">
          <input type="checkbox" checked={values.includes(value)} onChange={() => onChange(toggled(value))} />
          {text}
        </label>
      ))}
      {fault && (
        <span id={faultId} className="mistake" role="alert">
          {fault}
        </span>
      )}
    </fieldset>
  );
}
