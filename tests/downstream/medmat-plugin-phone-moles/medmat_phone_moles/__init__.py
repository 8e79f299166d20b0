"""Phone photographs of moles for medmat."""
