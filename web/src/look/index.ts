// The look, in the order in which it builds up.

import "@fontsource-variable/inter/wght.css";
import "./tokens.css";
import "./base.css";
import "./parts.css";
import "./overlays.css";
import "./list.css";
import "./conversation.css";
import "./pages.css";
