// The preview shows what stands in the form, and follows what is typed.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const preview = document.querySelector("[data-preview]");
  const form = document.getElementById("topic_form");
  if (!preview || !form?.elements.title) return; // who may only look has no fields
  const text = (field) => (field.selectedOptions ? field.selectedOptions[0]?.text ?? "" : field.value);
  const show = () => {
    for (const name of ["title", "subtitle", "topic_tag", "place_tag"]) {
      const field = form.elements[name];
      if (field) preview.querySelectorAll(`[data-show=${name}]`).forEach((shown) => (shown.textContent = text(field)));
    }
    preview.querySelector("[data-show=details]").replaceChildren(...items(form));
  };
  form.addEventListener("input", show);
  form.addEventListener("change", show);
  show();
});

function items(form) {
  const rows = [...form.querySelectorAll("[name^=details-][name$=-title]")]
    .filter((title) => !title.name.includes("__prefix__"))
    .map((title) => [title.value, form.elements[title.name.replace(/title$/, "content")].value])
    .filter(([title, content]) => title || content)
    .slice(0, 5);
  if (!rows.length) rows.push([form.elements.title.value, form.elements.subtitle.value]);
  return rows.map(([title, content]) => {
    const item = document.createElement("li");
    const heading = document.createElement("strong");
    heading.textContent = title;
    item.append(heading, document.createElement("br"), content);
    return item;
  });
}
