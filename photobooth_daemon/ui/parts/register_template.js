// Puts a picture into the template library.

import { post } from "../core/api.js";
import { TEMPLATE } from "../core/bounds.js";

/** Registers a file under its name and returns the new template; throws the Problem of a refusal. */
export function registerTemplate(file, label = file.name.replace(/\.[^.]+$/, "")) {
  const form = new FormData();
  form.append("label", [...label].slice(0, TEMPLATE.label.maxLength).join(""));
  form.append("file", file, file.name);
  return post("/api/template-media/register", { form });
}
