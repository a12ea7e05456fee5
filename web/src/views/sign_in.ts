import { ApiError, logIn, register } from "../transport/api";
import { h } from "./dom";

type Mode = "login" | "signup";

interface Words {
  title: string;
  submit: string;
  busy: string;
  question: string;
  other: string;
}

const WORDS: Record<Mode, Words> = {
  login: {
    title: "Log in",
    submit: "Log in",
    busy: "Logging in…",
    question: "New here?",
    other: "Create an account",
  },
  signup: {
    title: "Create an account",
    submit: "Create account",
    busy: "Making your account…",
    question: "Already have an account?",
    other: "Log in",
  },
};

/** Log in and sign up. `entered` is called once the login cookie is there. */
export function signInView(entered: () => void, message = ""): HTMLElement {
  let mode: Mode = "login";
  const name = input("text", "username", "username", "Name");
  const email = input("email", "email", "email", "E-mail");
  const password = input("password", "password", "current-password", "Password");
  const passwordHint = h("p", { className: "hint", id: "password-hint" });
  password.field.setAttribute("aria-describedby", "password-hint");
  const problem = h("p", { className: "problem", attributes: { role: "alert" } }, message);
  const title = h("h1");
  const submit = h("button", { type: "submit", className: "primary wide" });
  const question = h("span");
  const other = h("button", { type: "button", className: "link" });

  const show = () => {
    const words = WORDS[mode];
    title.textContent = words.title;
    submit.textContent = words.submit;
    question.textContent = `${words.question} `;
    other.textContent = words.other;
    name.row.hidden = mode === "login";
    name.field.required = mode === "signup";
    password.field.autocomplete = mode === "login" ? "current-password" : "new-password";
    passwordHint.textContent =
      mode === "login" ? "Leave it empty if your account has none." : "At least 8 characters, or none on a machine of your own.";
    document.title = `${words.title} · PyRuntime Forge`;
  };

  const send = async () => {
    problem.textContent = "";
    submit.disabled = true;
    submit.textContent = WORDS[mode].busy;
    try {
      if (mode === "signup") await register(name.field.value.trim(), email.field.value.trim(), password.field.value);
      await logIn(email.field.value.trim(), password.field.value);
      entered();
    } catch (error) {
      problem.textContent = words(error, mode);
      submit.disabled = false;
      show();
    }
  };

  other.addEventListener("click", () => {
    mode = mode === "login" ? "signup" : "login";
    problem.textContent = "";
    show();
    (mode === "login" ? email : name).field.focus();
  });
  const form = h("form", { noValidate: false }, name.row, email.row, password.row, passwordHint, problem, submit);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send();
  });
  show();
  return h(
    "main",
    { className: "sign-in" },
    h(
      "div",
      { className: "card" },
      h("p", { className: "brand" }, h("img", { src: "/icon.svg", alt: "", width: 26, height: 26 }), "PyRuntime Forge"),
      title,
      form,
      h("p", { className: "other" }, question, other),
    ),
    h("p", { className: "tagline" }, "Python in the browser, in a sandbox of your own."),
  );
}

function words(error: unknown, mode: Mode): string {
  if (!(error instanceof ApiError)) return "Something went wrong in this page. Reload it and try again.";
  const isNew = mode === "signup" && error.status === 401;
  return isNew ? "This e-mail has an account already, with another password. Log in instead." : error.message;
}

function input(type: string, id: string, autocomplete: AutoFill, label: string) {
  const field = h("input", { type, id, name: id, autocomplete, required: type !== "password" });
  return { field, row: h("div", { className: "field" }, h("label", { htmlFor: id }, label), field) };
}
