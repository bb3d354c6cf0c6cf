"""Mode `clean`: rules that change cells or leave rows out, each counted."""
