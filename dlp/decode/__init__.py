"""bytes -> views: every text a recipient could recover."""
