"""What ``xsight doctor`` looks at: the machine, the installation, what runs. Each check raises a Trouble or returns."""
