"""How an event went: what is told to the customer, and to ourselves, the day after."""
