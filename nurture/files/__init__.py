"""Files of the working folder to values: scenarios, calendars, content, configuration, meeting records, CSV."""
